"""`slowest`: the worst requests, where their time went, and why."""

from __future__ import annotations

import argparse
from functools import partial

from tui_batching.analysis.saturated import saturated
from tui_batching.analysis.slowest import SlowRequest, slowest
from tui_batching.analysis.warnings import Warned, warnings
from tui_batching.analysis.worst import MEASURES
from tui_batching.cli.arguments import add_workload, read_workload
from tui_batching.cli.outputs import add_formats, read_output
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting, warn
from tui_batching.cli.terminal import add_ascii
from tui_batching.export import slowest_output
from tui_batching.numbers import counted
from tui_batching.reading.fields import Field
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Strategy

_BY = {measure.name: measure for measure in MEASURES}
_COUNT = 10
_MOST = 1_000_000

_EXAMPLES = """\
examples:
  tui-batching slowest
  tui-batching slowest chat --by tpot -n 20 --strategy continuous
  tui-batching slowest engines --strategies vllm,sglang --set vllm.max_num_batched_tokens=512
  tui-batching slowest trace.csv --strategy vllm --set cost=h100-llama-3-8b --csv slowest.csv
  tui-batching slowest overload --by e2el --json > slowest.json
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Serve a workload and print the slowest requests of each strategy: how slow they are,\n"
        "the instant at which to look for why, the parts of their time, and what was in their\n"
        "way. `/` in the app goes to a request or an instant, `e` from one to the next."
    )
    parser.epilog = _EXAMPLES
    add_workload(parser)
    parser.add_argument(
        "--by",
        choices=tuple(_BY),
        default="ttft",
        help="slowest by time to first token, per output token, or end to end (default: ttft)",
    )
    parser.add_argument(
        "-n",
        dest="count",
        metavar="N",
        default=str(_COUNT),
        help=f"how many of each strategy (default: {_COUNT})",
    )
    add_formats(parser, "the list")
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the slowest requests of each strategy; warnings come on stderr.

    Raises:
        InputError: if the workload, a setting or an option is not as expected, or the CSV file
            cannot be written.
    """
    count = Field.of_text(arguments.count, "-n").whole(least=1, most=_MOST)
    output, measure = read_output(arguments), _BY[arguments.by]
    found: list[tuple[Strategy, tuple[SlowRequest, ...]]] = []
    doubted: list[Warned] = []
    notes: list[str] = []
    end = 0
    with reporting() as report:
        workload = read_workload(arguments, report)
        for strategy in workload.strategies:
            report(f"{strategy.name}, {counted(len(workload.requests), 'request')}")
            served = simulate(workload, strategy)
            end = max(end, served.finished)
            found.append((strategy, slowest(served, measure, count)))
            doubted += warnings([served])
            notes += saturated([served])

    def table() -> None:
        from tui_batching.cli.print_slowest import print_slowest  # noqa: PLC0415 - rich loads slowly

        print_slowest(workload, measure, found, end, notes, ascii_only=arguments.ascii)

    output.write(
        csv=partial(slowest_output.write_csv, workload, measure, found),
        json=partial(slowest_output.write_json, workload, measure, found),
        table=table,
    )
    warn(dict.fromkeys(doubted))
