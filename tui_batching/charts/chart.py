"""What every chart is: a function of a scene, an instant, a size and a palette."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.charts.plot import ChartSpec
from tui_batching.clock import Picoseconds


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What a chart is drawn for."""

    scene: Scene
    time: Picoseconds
    width: int
    height: int
    palette: Palette


@dataclass(frozen=True, slots=True)
class Chart:
    """A kind of chart.

    Attributes:
        spec: what to draw for a request.
        depends_on: what of a scene and an instant it depends on; equal values, equal charts.
    """

    spec: Callable[[ChartRequest], ChartSpec]
    depends_on: Callable[[Scene, Picoseconds], Hashable]
