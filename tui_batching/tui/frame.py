"""A frame: all that is on screen is a function of it and of the size of the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.clock import Picoseconds
from tui_batching.sim.moment import Moment
from tui_batching.tui.sweeper import SweepState


@dataclass(frozen=True)
class Frame:
    """What is on stage, where the playhead is, and in which colours it is shown.

    Attributes:
        scene: the Runs.
        time: of the playhead.
        playing: whether it moves.
        speed: simulated seconds a second.
        selected: the row of the selected request, or None.
        palette: the colours.
        sweep: what there is of the sweep that the view shows, or None.
    """

    scene: Scene
    time: Picoseconds
    playing: bool
    speed: float
    selected: int | None
    palette: Palette
    sweep: SweepState | None = None

    @cached_property
    def moments(self) -> list[Moment]:
        """Each Run at the playhead."""
        return [run.at(self.time) for run in self.scene.runs]
