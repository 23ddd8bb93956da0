"""`capacity`: the highest load at which each strategy keeps a service level."""

from __future__ import annotations

import argparse
from functools import partial

from tui_batching.analysis.capacity import Capacities, capacity
from tui_batching.analysis.warnings import context_warnings
from tui_batching.cli.arguments import add_workload, read_share, read_workload
from tui_batching.cli.jobs import add_executors, read_executors
from tui_batching.cli.outputs import add_formats, read_output
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import counting, reporting, warn
from tui_batching.cli.terminal import add_ascii
from tui_batching.export import json_and_csv
from tui_batching.numbers import counted
from tui_batching.reading.fields import Field

_DESCRIPTION = """\
Scale the arrivals of a workload until a strategy just keeps the limits of --slo (or of
the workload), never beyond its saturation. A list of requests or a trace is played whole;
of a recipe as many requests are drawn as it takes.

How sure that is: a run is cut into 20 parts, of which the first two, its warm-up, do not
count. From how far the means of the others lie apart follows where the answer of a run ten
times as long lies, with a confidence of 95 %. The lower end is a load at which the run is
steady: it lasts 20 mean latencies, and the mean times to the first token of the parts vary
by at most a fifth of what single requests do. Where not even half of a rate is that sure,
it is not told.
"""
_EXAMPLES = """\
examples:
  tui-batching capacity chat --slo ttft=2s,tpot=40ms
  tui-batching capacity notebook --slo e2el=5s --attainment 0.9
  tui-batching capacity overload --slo ttft=10s --set batch_size=8 --json
  tui-batching capacity chat --slo ttft.p95=3s,tpot.p99=60ms,e2el.mean=10s
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    add_workload(parser)
    parser.add_argument(
        "--attainment",
        metavar="SHARE",
        default="0.99",
        help="the share of requests that must be within all limits of each request, such as 0.95 "
        "or 95%% (default: 0.99)",
    )
    parser.add_argument(
        "--variants",
        metavar="N",
        default="1",
        help="how many draws of a recipe, or pieces of a list that are long enough (default: 1)",
    )
    add_formats(parser)
    add_executors(parser)
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the capacities as a table, JSON or CSV; warnings come on stderr.

    Raises:
        InputError: if the workload, a setting or an option is not as expected, the options do not
            go together, or the CSV file cannot be written.
    """
    output = read_output(arguments)
    capacities = _find(arguments)
    output.write(
        csv=partial(json_and_csv.write_capacities_csv, capacities),
        json=partial(json_and_csv.write_capacities_json, capacities),
        table=partial(_print, capacities, arguments.ascii),
    )
    workload = capacities.workload
    warn(context_warnings(workload.requests, workload.cost.profile))


def _print(capacities: Capacities, ascii_only: bool | None) -> None:
    from tui_batching.cli.print_tables import print_capacities  # noqa: PLC0415 - rich loads slowly

    print_capacities(capacities, ascii_only=ascii_only)


def _find(arguments: argparse.Namespace) -> Capacities:
    attainment = read_share("--attainment", arguments.attainment)
    variants = Field.of_text(arguments.variants, "--variants").whole(least=1, most=1000)
    executors = read_executors(arguments)
    with reporting() as report:
        workload = read_workload(arguments, report)
    what = f"capacity, {counted(len(workload.requests), 'request')}"
    # A search serves the requests some fifteen times, of a recipe thousands.
    count_of_one = len(workload.requests) if workload.source.seed is None else 40_000 * variants
    served = 15 * count_of_one * len(workload.strategies)
    with executors(served) as executor, counting(what) as count:
        return capacity(
            workload, attainment=attainment, variants=variants, executor=executor, progress=count
        )
