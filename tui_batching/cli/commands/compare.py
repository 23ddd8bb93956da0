"""`compare`: the metrics of all strategies side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TextIO

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.slices import SLICES, Slice, slice_called
from tui_batching.analysis.warnings import warnings
from tui_batching.cli.arguments import add_workload, read_workload
from tui_batching.cli.outputs import add_csv, read_output
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import Reporter, reporting, warn
from tui_batching.cli.terminal import add_ascii
from tui_batching.errors import InputError
from tui_batching.export import json_and_csv, vllm_output
from tui_batching.numbers import counted

_FORMATS = ("table", "json", "vllm")

_EXAMPLES = """\
examples:
  tui-batching compare
  tui-batching compare chat --set batch_size=8 --set workload.rate=5
  tui-batching compare overload --set dynamic.timeout=300ms --set dynamic.timeout_from=arrival
  tui-batching compare chat --strategies continuous,static
  tui-batching compare chat --set cost=h100-llama-3-8b --set batch_size=64
  tui-batching compare my-workload.yaml --json > metrics.json
  tui-batching compare chat --requests --csv requests.csv
  tui-batching compare requests.jsonl --strategies vllm,sglang
  tui-batching compare chat --breakdown p99-ttft,p99-tpot
  tui-batching compare chat --format vllm --strategy continuous > continuous.json
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "Serve a workload with each strategy and print the metrics side by side."
    parser.epilog = _EXAMPLES
    add_workload(parser)
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument(
        "--format",
        choices=_FORMATS,
        default="table",
        help="what to print; vllm is the result of vllm bench serve, a line a strategy",
    )
    printed.add_argument(
        "--json",
        action="store_const",
        dest="format",
        const="json",
        help="print JSON instead of the table",
    )
    add_csv(parser)
    parser.add_argument(
        "--breakdown",
        metavar="NAMES",
        help=f"where the time went, in the mean or of the slowest requests: {', '.join(SLICES)}",
    )
    parser.add_argument(
        "--requests",
        action="store_true",
        help="with --json or --csv: every request, with the parts of its latency",
    )
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print all strategies side by side in the format asked for; warnings come on stderr.

    Raises:
        InputError: if the workload or a setting is not as expected, the options do not go
            together, or the CSV file cannot be written.
    """
    _refuse_contradictions(arguments)
    slices, output = _slices(arguments.breakdown), read_output(arguments)
    with reporting() as report:
        comparison = _compare(arguments, report)
    each = arguments.requests
    output.write(
        csv=partial(_write_csv, comparison, slices, each_request=each),
        json=partial(
            json_and_csv.write_comparison_json, comparison, each_request=each, slices=slices
        ),
        vllm=partial(vllm_output.write, comparison),
        table=partial(_print, comparison, slices, ascii_only=arguments.ascii),
    )
    warn(warnings(result.run for result in comparison))


def _write_csv(
    comparison: Comparison, slices: Sequence[Slice], out: TextIO, *, each_request: bool
) -> None:
    if slices:
        json_and_csv.write_slices_csv(comparison, slices, out)
    else:
        json_and_csv.write_comparison_csv(comparison, out, each_request=each_request)


def _print(comparison: Comparison, slices: Sequence[Slice], *, ascii_only: bool | None) -> None:
    from tui_batching.cli.print_tables import (  # noqa: PLC0415 - rich loads slowly
        print_comparison,
        print_slices,
    )

    if slices:
        print_slices(comparison, slices, ascii_only=ascii_only)
    else:
        print_comparison(comparison, ascii_only=ascii_only)


def _slices(names: str | None) -> list[Slice]:
    """The slices that --breakdown names; none without it."""
    found = []
    for name in [] if names is None else map(str.strip, names.split(",")):
        try:
            found.append(slice_called(name))
        except InputError as error:
            raise InputError(f"--breakdown: {error}") from None
    return found


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    if arguments.requests and not (arguments.format == "json" or arguments.csv):
        raise InputError("found --requests alone, expected --json or --csv FILE with it")
    if arguments.breakdown is not None and arguments.format == "vllm":
        raise InputError("found --breakdown and --format vllm, expected only one of them")
    if arguments.breakdown is not None and arguments.csv and arguments.requests:
        raise InputError("found --breakdown and --requests with --csv, expected only one of them")


def _compare(arguments: argparse.Namespace, report: Reporter) -> Comparison:
    workload = read_workload(arguments, report)
    count = len(workload.requests)
    return compare(workload, progress=lambda name: report(f"{name}, {counted(count, 'request')}"))
