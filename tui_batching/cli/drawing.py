"""Pictures for stdout, by the names that the command `chart` knows."""

from __future__ import annotations

from tui_batching.analysis.scene import build_scene
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gallery import PICTURES, SWEEP_PICTURES
from tui_batching.charts.rows import Cells
from tui_batching.charts.sweep_picture import SweepRequest
from tui_batching.cli.canvas import Canvas
from tui_batching.cli.progress import Report
from tui_batching.cli.sweeping import usual_sweeps
from tui_batching.clock import Picoseconds
from tui_batching.workload import Workload


def drawn(
    name: str, workload: Workload, at: Picoseconds | None, canvas: Canvas, report: Report
) -> list[Cells]:
    """The rows of a picture.

    Args:
        name: of the picture.
        workload: what is served.
        at: the instant to look at, the end by default; a sweep has none.
        canvas: how large it is, and in which colours.
        report: is told what begins.
    """
    width, height, palette = canvas.width, canvas.height, canvas.palette
    if name in SWEEP_PICTURES:
        kind, sweep_picture = SWEEP_PICTURES[name]
        [sweep] = usual_sweeps(workload, [kind], report)
        return sweep_picture(SweepRequest(sweep, workload, width, height, palette))
    report(f"{len(workload.requests):,} requests")
    scene = build_scene(workload, None, lambda _: None)
    time = scene.end if at is None else at
    return PICTURES[name](ChartRequest(scene, time, width, height, palette))
