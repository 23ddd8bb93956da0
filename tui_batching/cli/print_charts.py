"""Charts on stdout, by the names that the command `chart` knows."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console

from tui_batching.analysis.metrics import MetricInfo
from tui_batching.analysis.scene import build_scene
from tui_batching.analysis.sweeps import usual_sweeps
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gallery import CHARTS, SceneChart, SweepChart, parameter_charts
from tui_batching.charts.palette import Palette, default_theme
from tui_batching.charts.pen import Pen
from tui_batching.charts.printing import printed
from tui_batching.charts.rows import Cells
from tui_batching.charts.sweep_charts import SweepRequest
from tui_batching.cli.progress import Reporter
from tui_batching.cli.terminal import needs_ascii
from tui_batching.clock import Picoseconds
from tui_batching.config import Config
from tui_batching.numbers import counted
from tui_batching.workload import Workload

_NO_TERMINAL = (80, 24)


@dataclass(frozen=True, slots=True)
class Stdout:
    """What stdout shows of a chart.

    Attributes:
        width: in cells.
        height: in cells.
        palette: the colours of the chart.
        colours: how many of them stdout shows; None for none.
        ascii: whether stdout shows ASCII alone.
    """

    width: int
    height: int
    palette: Palette
    colours: ColorSystem | None
    ascii: bool

    @classmethod
    def offered(
        cls, config: Config, width: int | None, height: int | None, ascii_only: bool | None
    ) -> Stdout:
        """What stdout offers; what is given is taken in place of that.

        Colours are those of the terminal, none where stdout is no terminal or NO_COLOR is set; the
        size is that of the terminal, less a row for the prompt, or else 80 by 24.
        """
        console = Console()
        colours = None if console.no_color else COLOR_SYSTEMS.get(console.color_system or "")
        columns, lines = shutil.get_terminal_size(_NO_TERMINAL)
        rows = lines - 1 if sys.stdout.isatty() else lines
        few_colours = colours is ColorSystem.STANDARD
        name = config.theme or default_theme(few_colours=few_colours)
        plain = needs_ascii(ascii_only, sys.stdout)
        return cls(width or columns, height or rows, config.palettes[name], colours, plain)

    def print(self, rows: Sequence[Cells]) -> None:
        """Print a chart."""
        sys.stdout.write(f"{printed(rows, self.colours, ascii_only=self.ascii)}\n")


def drawn(  # noqa: PLR0913 - what is asked for
    name: str,
    workload: Workload,
    stdout: Stdout,
    report: Reporter,
    *,
    at: Picoseconds | None = None,
    rows: str | None = None,
    metrics: tuple[MetricInfo, ...] = (),
) -> list[Cells]:
    """The rows of a chart.

    Args:
        name: of the chart.
        workload: what is served.
        stdout: how large it is, and in which colours.
        report: is told what begins.
        at: the instant to look at, the end by default; only the chart of a scene has one.
        rows: what a row of it is, where there is a choice; by default what fits.
        metrics: what to show of a sweep; none for the usual ones.
    """
    chart = CHARTS[name] if name in CHARTS else parameter_charts()[name]
    palette = stdout.palette
    if isinstance(chart, SweepChart):
        [sweep] = usual_sweeps(workload, [chart.kind], report)
        sweep = replace(sweep, asked=metrics)
        return chart.draw(SweepRequest(sweep, workload, stdout.width, stdout.height, palette))
    report(counted(len(workload.requests), "request"))
    scene = build_scene(workload, None, lambda _: None)
    if isinstance(chart, SceneChart):
        time = scene.end if at is None else at
        draw = chart.draw if rows is None else chart.by_rows[rows]
        return draw(ChartRequest(scene, time, stdout.width, stdout.height, palette))
    return chart.draw(scene.comparison, Pen(stdout.width, palette))
