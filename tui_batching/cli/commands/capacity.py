"""`capacity`: the highest load at which each strategy keeps a service level."""

from __future__ import annotations

import argparse
import sys

from tui_batching.analysis.capacity import VARIANTS, Capacities, find_capacities
from tui_batching.cli.arguments import (
    Choices,
    add_workload,
    read_workload,
)
from tui_batching.cli.jobs import add_executors, read_executors
from tui_batching.cli.progress import counting, reporting
from tui_batching.cli.terminal import add_ascii
from tui_batching.export import json_and_csv
from tui_batching.reading.fields import Field

_EXAMPLES = """\
examples:
  tui-batching capacity chat --slo ttft=2s,tpot=40ms
  tui-batching capacity notebook --slo e2el=5s --attainment 0.9
  tui-batching capacity overload --slo ttft=10s --set batch_size=8 --json
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "capacity",
        help="find the highest load at which each strategy keeps a service level",
        description=(
            "Scale the arrivals of a workload until a strategy just keeps the limits of --slo (or\n"
            "of the workload), for its own draws and for others: with further seeds, or of a list\n"
            "of requests stretch by stretch. Shown are the median and, in brackets, the range."
        ),
        epilog=_EXAMPLES,
    )
    add_workload(parser)
    parser.add_argument(
        "--attainment",
        metavar="SHARE",
        default="0.99",
        help="the share of requests that must be within all limits (default: 0.99)",
    )
    parser.add_argument(
        "--variants",
        metavar="N",
        default=str(VARIANTS),
        help=f"how many seeds or stretches tell the uncertainty (default: {VARIANTS})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    add_executors(parser)
    add_ascii(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the capacities as a table or JSON.

    Raises:
        InputError: if the workload, a setting or an option is not as expected.
    """
    capacities = _find(arguments)
    if arguments.json:
        json_and_csv.write_capacities_json(capacities, sys.stdout)
    else:
        from tui_batching.cli.print_tables import print_capacities  # noqa: PLC0415 - rich loads slowly

        print_capacities(capacities, ascii_only=arguments.ascii)


def _find(arguments: argparse.Namespace) -> Capacities:
    attainment = Field.of_text(arguments.attainment, "--attainment").decimal(above=0, most=1)
    variants = Field.of_text(arguments.variants, "--variants").whole(least=1, most=1000)
    executors = read_executors(arguments)
    with reporting() as report:
        workload = read_workload(arguments, report)
    what = f"capacity, {len(workload.requests):,} requests"
    # A search serves the requests some forty times; seeds make as many anew, stretches share them.
    drawn = 1 if workload.source.seed is None else variants
    served = 40 * drawn * len(workload.requests) * len(workload.strategies)
    with executors(served) as executor, counting(what) as count:
        return find_capacities(workload, attainment, variants, executor, count)
