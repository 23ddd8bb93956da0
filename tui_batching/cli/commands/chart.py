"""`chart`: one chart on stdout."""

from __future__ import annotations

import argparse

from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.cli.arguments import Choices, add_workload, read_duration, read_workload
from tui_batching.cli.progress import Report, reporting
from tui_batching.errors import InputError
from tui_batching.workload.wording import shown

CHARTS = ("gantt", "slots", "utilization", "latency", "distribution")
_SMALLEST = {"width": 20, "height": 6}
_LARGEST = 1000
_EXAMPLES = """\
examples:
  tui-batching chart latency
  tui-batching chart latency overload --set batch_size=16 --at 20s
  tui-batching chart latency chat --width 100 --height 30 > latency.txt
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "chart",
        help="print one chart",
        description=(
            "Serve a workload with each strategy and print one of the app's charts: in colour on\n"
            "a terminal, unless NO_COLOR is set, and as plain text elsewhere."
        ),
        epilog=_EXAMPLES,
    )
    parser.add_argument("chart", metavar="CHART", choices=CHARTS, help=", ".join(CHARTS))
    add_workload(parser)
    parser.add_argument(
        "--at", metavar="DURATION", help="the instant to look at (default: the end)"
    )
    parser.add_argument("--width", metavar="CELLS", help="(default: the terminal's, or 80)")
    parser.add_argument("--height", metavar="ROWS", help="(default: the terminal's, or 24)")
    parser.add_argument("--theme", metavar="NAME", help="the colours")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Print a chart.

    Raises:
        InputError: if the workload, a setting, the instant, the size or the theme is not as
            expected, or stdout cannot show a chart.
    """
    # Here, so that no other command waits for rich.
    from tui_batching.charts.chart import ChartRequest  # noqa: PLC0415
    from tui_batching.charts.gallery import PICTURES  # noqa: PLC0415
    from tui_batching.cli.canvas import Canvas  # noqa: PLC0415

    canvas = Canvas.on_stdout(
        arguments.theme, _cells("width", arguments.width), _cells("height", arguments.height)
    )
    at = read_duration("--at", arguments.at)
    with reporting() as report:
        scene = _scene(arguments, report)
        time = scene.end if at is None else at
        request = ChartRequest(scene, time, canvas.width, canvas.height, canvas.palette)
        report("drawing")
        rows = PICTURES[arguments.chart](request)
    canvas.print(rows)


def _scene(arguments: argparse.Namespace, report: Report) -> Scene:
    report("reading the workload")
    workload = read_workload(arguments)
    report(f"{len(workload.requests):,} requests")
    return build_scene(workload, None, lambda _: None)


def _cells(name: str, text: str | None) -> int | None:
    """A number of cells; None where none is given."""
    if text is None:
        return None
    least = _SMALLEST[name]
    if not (text.isdecimal() and least <= int(text) <= _LARGEST):
        raise InputError(
            f"--{name}: found {shown(text)}, expected a whole number from {least} to {_LARGEST}"
        )
    return int(text)
