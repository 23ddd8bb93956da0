"""`chart`: one chart on stdout."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui_batching.analysis.sweeps.shown import read_metrics
from tui_batching.charts.gallery import (
    CHARTS,
    SCENE_CHARTS,
    SWEEP_CHARTS,
    TEXT_CHARTS,
    parameter_charts,
)
from tui_batching.cli.arguments import (
    FIRST_OF_ENGINES,
    FIRST_WORKLOAD,
    FIRST_WORKLOADS,
    METRICS_HELP,
    add_workload,
    read_duration,
    read_workload,
)
from tui_batching.cli.parser import Parser
from tui_batching.cli.print_charts import Stdout, drawn
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import add_ascii, add_preferences, read_config
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field

_SMALLEST = (40, 10)
_LARGEST = 1000
_OF_ROWS = {name: chart for name, chart in SCENE_CHARTS.items() if chart.by_rows}
"""The charts in which there is a choice of what a row is."""
_DESCRIPTION = """\
Serve a workload with each strategy and print one of the app's charts: in colour on a
terminal, unless NO_COLOR is set, and as plain text elsewhere.
"""
_EXAMPLES = """\
examples:
  tui-batching chart gantt
  tui-batching chart gantt illustrative --rows slots
  tui-batching chart live chat --at 20s --width 120 --height 40
  tui-batching chart slots overload --set batch_size=16 --at 20s
  tui-batching chart frontier chat --width 100 --height 30 > frontier.txt
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = _description()
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "chart", metavar="CHART", choices=[*CHARTS, *parameter_charts()], help="one of those above"
    )
    add_workload(parser, f"{FIRST_WORKLOAD}, and for a sweep one of its kind")
    parser.add_argument("--at", metavar="DURATION", help="when to look (default: at the end)")
    kinds = sorted({kind for chart in _OF_ROWS.values() for kind in chart.by_rows})
    parser.add_argument(
        "--rows",
        choices=kinds,
        help=f"what a row of {', '.join(_OF_ROWS)} is (default: a request if all fit, else a slot)",
    )
    parser.add_argument("--metrics", metavar="NAMES", help=f"of a sweep: {METRICS_HELP}")
    parser.add_argument("--width", metavar="CELLS", help="(default: the terminal's, or 80)")
    parser.add_argument("--height", metavar="ROWS", help="(default: the terminal's, or 24)")
    add_preferences(parser)
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print a chart.

    Raises:
        InputError: if the workload, a setting, the instant, the size, the theme or the config is
            not as expected.
    """
    name, first, varied = arguments.chart, FIRST_WORKLOAD, None
    sweeps = {**parameter_charts(), **SWEEP_CHARTS}
    if name in sweeps:
        varied = sweeps[name].kind
        first = FIRST_WORKLOADS.get(varied, FIRST_OF_ENGINES)
    _refuse("--at", arguments.at, name, [*SCENE_CHARTS])
    _refuse(
        "--height",
        arguments.height,
        name,
        [*SCENE_CHARTS, *(sweeps if name in sweeps else SWEEP_CHARTS)],
    )
    _refuse("--rows", arguments.rows, name, [*_OF_ROWS])
    _refuse("--metrics", arguments.metrics, name, [each for each in sweeps if each != "frontier"])
    metrics = read_metrics(arguments.metrics) if arguments.metrics is not None else ()
    at = read_duration("--at", arguments.at)
    least_width, least_height = _SMALLEST
    width = _cells("--width", arguments.width, least_width)
    height = _cells("--height", arguments.height, least_height)
    stdout = Stdout.offered(read_config(arguments), width, height, arguments.ascii)
    with reporting() as report:
        workload = read_workload(arguments, report, first, varied)
        chart = drawn(name, workload, stdout, report, at=at, rows=arguments.rows, metrics=metrics)
    stdout.print(chart)


def _description() -> str:
    """What the command does, and all charts in a line each."""
    column = max(map(len, CHARTS)) + 2
    lines = [f"  {name:<{column}}{chart.shows}" for name, chart in CHARTS.items()]
    whole = " and ".join(TEXT_CHARTS)
    swept = "the name of a parameter, such as timeout or max_num_batched_tokens"
    more = f"  {swept}:\n  {'':<{column}}latency and throughput against it"
    ends = f"{whole} take as many rows as they need."
    return "\n".join((_DESCRIPTION, *lines, more, "", ends))


def _refuse(option: str, given: str | None, name: str, charts: Sequence[str]) -> None:
    """Refuse an option that plays no part in a chart."""
    if given is not None and name not in charts:
        raise InputError(f"{option}: found with {name}, expected with {', '.join(charts)}")


def _cells(option: str, text: str | None, least: int) -> int | None:
    """A number of cells; None where none is given."""
    return None if text is None else Field.of_text(text, option).whole(least, _LARGEST)
