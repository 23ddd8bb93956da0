"""Finding the worst requests, one after the other, by the measure that was turned to last."""

from __future__ import annotations

from dataclasses import dataclass

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.why_request import why_request
from tui_batching.analysis.worst import Measure, Ranking, instant_of_why
from tui_batching.clock import Picoseconds
from tui_batching.strategies import spelled


@dataclass(frozen=True, slots=True)
class Found:
    """One of the worst requests.

    Attributes:
        row: of the request.
        lane: the number of the lane in which it is so bad.
        time: the instant at which to look for why.
        told: which of the worst it is, how bad, with which strategy, and why.
    """

    row: int
    lane: int
    time: Picoseconds
    told: str


class Finder:
    """Goes through the requests of a scene, the worst first.

    Who selects another request, or turns to another measure or lane, begins with the worst again.
    """

    def __init__(self) -> None:
        self._number = 0
        self._ranking: Ranking | None = None
        self._ranked: tuple[Scene, str, tuple[int, ...]] | None = None
        self._place: int | None = None

    def measure(self, scene: Scene) -> Measure:
        """By what requests are ranked now."""
        return scene.measures[self._number % len(scene.measures)]

    def next_measure(self, scene: Scene) -> Measure:
        """Rank by the next measure from now on."""
        self._number = (self._number + 1) % len(scene.measures)
        return self.measure(scene)

    def turn(
        self, scene: Scene, lanes: tuple[int, ...], selected: int | None, count: int
    ) -> Found | None:
        """Go to a worst request `count` places further, or back if negative; None without any.

        Args:
            scene: whose requests.
            lanes: the numbers of the lanes that count; each request counts where it is worst.
            selected: the row of the selected request, or None.
            count: how far; at both ends it goes on at the other one.
        """
        ranking = self._of(scene, lanes)
        rows = ranking.order
        if not len(rows):
            return None
        here = self._place
        if here is None or rows[here] != selected:
            here = -1 if count > 0 else 0
        self._place = (here + count) % len(rows)
        row = int(rows[self._place])
        lane = lanes[int(ranking.lane[row])]
        run = scene.runs[lane]
        measure = ranking.measure
        told = (
            f"worst {measure.label} {self._place + 1:,} of {len(rows):,}",
            f"{measure.text(float(ranking.values[row]))} with {spelled(run.strategy.name)}",
            measure.aside(run, row),
        )
        time = instant_of_why(measure, run, row)
        why = why_request(run.at(time), row, briefly=True)
        return Found(row, lane, time, f"{', '.join(filter(None, told))}: {why}")

    def _of(self, scene: Scene, lanes: tuple[int, ...]) -> Ranking:
        measure = self.measure(scene)
        wanted = (scene, measure.name, lanes)
        if self._ranking is None or self._ranked != wanted:
            self._ranking = Ranking.of(measure, [scene.runs[lane] for lane in lanes])
            self._ranked, self._place = wanted, None
        return self._ranking
