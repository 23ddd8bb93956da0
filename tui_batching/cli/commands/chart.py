"""`chart`: one chart on stdout."""

from __future__ import annotations

import argparse

from tui_batching.analysis.sweeps import Kind
from tui_batching.cli.arguments import (
    FIRST_WORKLOAD,
    FIRST_WORKLOADS,
    Choices,
    add_workload,
    read_duration,
    read_workload,
)
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import add_ascii
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field

SCENE_CHARTS = ("gantt", "slots", "utilization", "latency", "distribution")
SWEEP_CHARTS: dict[str, Kind] = {"load": "load", "frontier": "load", "batch-size": "batch-size"}
_SMALLEST = (40, 10)
_LARGEST = 1000
_DESCRIPTION = """\
Serve a workload with each strategy and print one of the app's charts: in colour on a
terminal, unless NO_COLOR is set, and as plain text elsewhere.

  gantt         each request's way through time
  slots         who is in which slot, decode step by decode step
  utilization   occupied and useful slots over time
  latency       the share of requests answered within each latency
  distribution  how the latencies are distributed
  load          latency and throughput against the offered load
  frontier      throughput against p99 latency, a point a load
  batch-size    latency and throughput against the batch size
"""
_EXAMPLES = """\
examples:
  tui-batching chart gantt
  tui-batching chart slots overload --set batch_size=16 --at 20s
  tui-batching chart frontier chat --width 100 --height 30 > frontier.txt
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "chart", help="print one chart", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    charts = (*SCENE_CHARTS, *SWEEP_CHARTS)
    parser.add_argument("chart", metavar="CHART", choices=charts, help="one of those above")
    add_workload(parser, f"{FIRST_WORKLOAD}, and for a sweep one of its kind")
    parser.add_argument("--at", metavar="DURATION", help="when to look (default: at the end)")
    parser.add_argument("--width", metavar="CELLS", help="(default: the terminal's, or 80)")
    parser.add_argument("--height", metavar="ROWS", help="(default: the terminal's, or 24)")
    parser.add_argument("--theme", metavar="NAME", help="the colours")
    add_ascii(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Print a chart.

    Raises:
        InputError: if the workload, a setting, the instant, the size or the theme is not as
            expected.
    """
    # Here, so that no other command waits for rich.
    from tui_batching.cli.print_charts import Stdout, drawn  # noqa: PLC0415

    name, first = arguments.chart, FIRST_WORKLOAD
    if name in SWEEP_CHARTS:
        first = FIRST_WORKLOADS[SWEEP_CHARTS[name]]
        if arguments.at is not None:
            raise InputError(f"--at: found with {name}, expected with {', '.join(SCENE_CHARTS)}")
    at = read_duration("--at", arguments.at)
    least_width, least_height = _SMALLEST
    width = _cells("--width", arguments.width, least_width)
    height = _cells("--height", arguments.height, least_height)
    stdout = Stdout.offered(arguments.theme, width, height, arguments.ascii)
    with reporting() as report:
        workload = read_workload(arguments, report, first)
        rows = drawn(name, workload, at, stdout, report)
    stdout.print(rows)


def _cells(option: str, text: str | None, least: int) -> int | None:
    """A number of cells; None where none is given."""
    return None if text is None else Field.of_text(text, option).whole(least, _LARGEST)
