"""Setting the stage for tests of the screen: small workloads, views, and what is seen of them."""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from waiting import PATIENCE_SECONDS

from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.charts.palette import Palette, load_palettes
from tui_batching.charts.rows import Cells, text_of
from tui_batching.clock import MILLISECOND, Picoseconds, parse_duration
from tui_batching.config import Config
from tui_batching.cost import LinearCost
from tui_batching.sim.run import Run
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy
from tui_batching.tour import Deck
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.drawing_options import DrawingOptions
from tui_batching.tui.lane import Lane
from tui_batching.tui.main_screen import MainScreen
from tui_batching.tui.panes import DrawnPane, StripView
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

MS = MILLISECOND
COST = LinearCost(prefill_per_token=1 * MS, decode_step=10 * MS, per_extra_request=2 * MS)
"""Round numbers: a batch of two takes 12 ms a step, a batch of four 16 ms."""
NOTEBOOK_TITLES = ("STATIC batch 4", "DYNAMIC batch 4 · 500 ms", "CONTINUOUS batch 4")
"""The titles of the lanes when the notebook's workload opens."""


def hand_made(*rows: tuple[int, int, int], strategies: Sequence[Strategy] = ()) -> Workload:
    """A workload of `(arrival in ms, input_tokens, output_tokens)` at the round costs."""
    arrival, prompt, answer = np.array(rows).T
    requests = ListedRequests(Requests.from_columns(arrival * MS, prompt, answer))
    chosen = tuple(strategies) or (Static(2), Dynamic(2, 50 * MS), Continuous(2))
    return Workload("hand made", requests, cost=COST, strategies=chosen)


def crowd(count: int, batch_size: int, gap: int = 0) -> Workload:
    """Many requests of 1 to 13 tokens, `gap` ms apart; every strategy has the same batch size."""
    rows = [(number * gap, number % 5, 1 + number * 7 % 13) for number in range(count)]
    sizes = (Static(batch_size), Dynamic(batch_size, 50 * MS), Continuous(batch_size))
    return hand_made(*rows, strategies=sizes)


def scene_of(workload: Workload) -> Scene:
    """The finished scene of a workload."""
    return build_scene(workload, None, lambda _: None)


def boundaries(run: Run) -> list[Picoseconds]:
    """All iteration boundaries of a Run, time zero and its end included."""
    spans = run.spans
    columns = (spans.start, spans.steps, spans.step_time, spans.step_growth)
    starts = (
        start + step * length + growth * (step * (step - 1) // 2)
        for start, steps, length, growth in zip(*(c.tolist() for c in columns), strict=True)
        for step in range(steps)
    )
    return [*starts, run.finished]


def boundary_from(scene: Scene, time: Picoseconds, count: int) -> Picoseconds:
    """The boundary of any lane that is `count` steps after a time, or before it."""
    stops = sorted({instant for run in scene.runs for instant in boundaries(run)})
    here = bisect_right(stops, time) if count > 0 else bisect_left(stops, time)
    return stops[max(0, min(len(stops) - 1, here + count - (count > 0)))]


def as_shown(time: Picoseconds) -> Picoseconds:
    """A time as the title bar tells it, to the millisecond."""
    return round(time / MS) * MS


def palette(name: str = "dark") -> Palette:
    """The colours of a theme."""
    return load_palettes()[name]


def texts(rows: Iterable[Cells]) -> list[str]:
    """What the rows say, without any style."""
    return [text_of(row) for row in rows]


def lane_title(lane: Lane) -> str:
    """What the head of a lane says, without its rule; empty of a lane that is not seen."""
    return re.sub("[{}]", "", text_of(lane._presented[0])).strip("━ ") if lane._presented else ""


EAGER = DrawingOptions(frames=10, words=3, charts=1000)
"""The usual pace, but a chart does not rest after it is drawn."""


@dataclass
class FakeWall:
    """A wall clock that moves when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Stage:
    """The running app, driven by its keys and read from its screen."""

    app: BatchingApp
    pilot: Pilot[None]
    wall: FakeWall

    @property
    def live(self) -> MainScreen:
        """The screen below all dialogs."""
        found = self.app.screen_stack[0]
        assert isinstance(found, MainScreen)
        return found

    @property
    def scene(self) -> Scene:
        """What is played."""
        assert self.live.scene is not None
        return self.live.scene

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to happen."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < until, self.seen()
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def opened(self) -> None:
        """Wait until a dialog is there."""
        await self.until(lambda: self.app.screen is not self.live)

    async def settled(self) -> None:
        """Wait until all that was asked for is simulated and shown."""
        await self.pilot.pause()
        await self.until(
            lambda: (
                self.live.scene is not None and self.live._awaited is None and not self._computing()
            )
        )

    async def drawn(self) -> None:
        """Wait until the charts are drawn as well."""
        await self.settled()
        await self.until(lambda: not any(pane.drawing for pane in self.live.query(DrawnPane)))

    async def swept(self) -> None:
        """Wait until the sweep of the view is made and drawn."""
        await self.settled()
        await self.until(lambda: not self._at_work("sweep"))
        await self.drawn()

    def _computing(self) -> bool:
        return any(map(self._at_work, ("simulate", "read", "contents")))

    def _at_work(self, group: str) -> bool:
        return any(one.group == group and not one.is_finished for one in self.app.workers)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other and let their effect be shown."""
        await self.pilot.press(*keys)
        await self.settled()

    async def turn_wheel(self, event: type[MouseScrollDown | MouseScrollUp]) -> None:
        """Turn the mouse wheel by a notch over the view."""
        where = {"widget": self.live.view, "offset": (5, 5)}
        await self.pilot._post_mouse_events([event], **where)
        await self.settled()

    async def seek(self, time: Picoseconds) -> None:
        """Put the playhead at an instant."""
        self.live._seek(time)
        await self.pilot.pause()

    def told(self) -> str:
        """The text of a chapter as it is read from the screen, its rows put together."""
        region = self.live.query_one(Presenter).region
        rows = self.rows()[region.y : region.bottom]
        return " ".join(" ".join(row[region.x : region.right] for row in rows).split())

    def rows(self) -> list[str]:
        """The rows of the terminal, without any style."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def seen(self) -> str:
        """All that is on screen, without any style."""
        return "\n".join(self.rows())

    @property
    def clock(self) -> Picoseconds:
        """The playhead as the title bar tells it, which is to the millisecond in longer runs."""
        match = re.search(r"t ([\d,.]+) / ", self.rows()[0])
        assert match is not None, self.rows()[0]
        return parse_duration(match[1].replace(",", ""))

    @property
    def titles(self) -> list[str]:
        """The titles of the lanes."""
        return [lane_title(lane) for lane in self.live.query(Lane)]

    @property
    def why(self) -> list[str]:
        """What the pane below the charts tells, a row a lane."""
        rows = self.shown("#why")
        return [row for row in rows if re.match(" (stat|dyna|cont)", row)]

    def shown(self, selector: str) -> list[str]:
        """The rows of one widget, without any style."""
        return texts(self.live.query_one(selector, StripView)._presented)

    @property
    def tells_of(self) -> list[str]:
        """The requests of which that pane tells, as it does of the selected one in each lane."""
        told = r"R\d+(?= (?:[\d.,]+ .?s|has not arrived|arrives now))"
        found = (re.search(told, row) for row in self.why)
        return [match[0] for match in found if match]

    @property
    def tells_who_waits(self) -> bool:
        """Whether that pane tells of each lane why somebody waits: no request is selected."""
        told = [re.search("nobody waits|has waited| waits |idle", row) for row in self.why]
        return len(told) == len(self.scene.runs) and all(told)

    @property
    def notices(self) -> list[str]:
        """What was said in notifications, in the order in which they are seen."""
        return [notice.message for notice in self.app._notifications][::-1]


@asynccontextmanager
async def on_stage(
    workload: Workload | str = "notebook",
    size: tuple[int, int] = (120, 32),
    drawing: DrawingOptions = EAGER,
    deck: Deck | None = None,
    view: str = "",
    config: Config | None = None,
) -> AsyncIterator[Stage]:
    """The app on a workload, simulated and shown, paused at time zero; or presenting a deck.

    A `view` other than the live one is opened by its key.
    """
    wall = FakeWall()
    chosen = load_workload(workload) if isinstance(workload, str) else workload
    app = BatchingApp(chosen, config or Config(theme="dark"), wall=wall, drawing=drawing)
    app.NOTIFICATION_TIMEOUT = 3600  # a busy machine may be late to look
    if deck is not None:
        app.present(deck)
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot, wall)
        await stage.settled()
        if view:
            await stage.press(view)
        yield stage
