"""A frame: all that is on screen is a function of it and of the size of the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import KeySigns
from tui_batching.charts.lane_view import ANSWER, THICKEST
from tui_batching.charts.palette import Palette
from tui_batching.clock import Picoseconds
from tui_batching.sim.moment import Moment
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.sweeper import SweepState


@dataclass(frozen=True)
class Frame:
    """What is shown, where the playhead is, and in which colours.

    Attributes:
        scene: the Runs.
        time: of the playhead.
        playing: whether it moves.
        speed: simulated seconds a second.
        selected: the row of the selected request, or None.
        palette: the colours.
        sweep: what there is of the sweep that the view shows, or None.
        thickest: the most rows of a slot: every row of a bar takes bytes.
        presenting: whether a chapter of a deck is told beside it.
        greets: whether newcomers are told what they can do.
        is_new: whether requests or costs are others than in the chapter before.
        keys: how the keys that there are are written, by their ids.
        focus: the name of the strategy whose lane is bright while the others are dim, or None.
        show: the parts of the view that are shown; all if there are none.
        bars: what the bars of slots tell.
    """

    scene: Scene
    time: Picoseconds
    playing: bool
    speed: float
    selected: int | None
    palette: Palette
    sweep: SweepState | None = None
    thickest: int = THICKEST
    presenting: bool = False
    greets: bool = False
    is_new: bool = False
    focus: str | None = None
    show: tuple[str, ...] = ()
    bars: str = ANSWER
    keys: KeySigns = field(default_factory=dict)

    def shows(self, part: str) -> bool:
        """Whether a part of the view is shown."""
        return not self.show or part in self.show

    @property
    def keys_told(self) -> KeySigns:
        """The keys of which hints tell: a room does not turn to the next quantity."""
        if not self.presenting:
            return self.keys
        return {name: sign for name, sign in self.keys.items() if name != "quantity"}

    @cached_property
    def moments(self) -> list[Moment]:
        """Each Run at the playhead."""
        return [run.at(self.time) for run in self.scene.runs]


@dataclass(frozen=True)
class Snapshot:
    """All that makes up what is shown, to be shown again: as a chapter asks, or as it was before.

    Attributes:
        knobs: the workload and its settings.
        view: the name of the view.
        time: of the playhead.
        speed: simulated seconds a second.
        playing: whether it plays.
        selected: the id of the selected request, or None.
        focus: the name of the strategy whose lane is bright while the others are dim, or None.
        until: the instant at which playing stops, or None.
        loop: a stretch that plays again and again, or None.
        show: the parts of the view that are shown; all if there are none.
        bars: what the bars of slots tell.
    """

    knobs: Knobs
    view: str
    time: Picoseconds
    speed: float
    playing: bool
    selected: int | None
    focus: str | None = None
    until: Picoseconds | None = None
    loop: tuple[Picoseconds, Picoseconds] | None = None
    show: tuple[str, ...] = ()
    bars: str = ANSWER
