"""`sweep`: all strategies, with one parameter at several values."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial

from tui_batching.analysis.sweeps import KINDS, Sweep, plan_sweep
from tui_batching.analysis.sweeps.shown import read_metrics
from tui_batching.analysis.sweeps.varied import kind_called, owners, read_value
from tui_batching.analysis.warnings import Warned, context_warnings
from tui_batching.cli.arguments import (
    FIRST_OF_ENGINES,
    FIRST_WORKLOADS,
    METRICS_HELP,
    add_workload,
    read_workload,
)
from tui_batching.cli.jobs import add_executors, read_executors, run_sweeps
from tui_batching.cli.outputs import add_formats, read_output
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting, warn
from tui_batching.cli.terminal import add_ascii
from tui_batching.export import json_and_csv
from tui_batching.reading.fields import Field

_DESCRIPTION = """\
Serve a workload with one parameter at several values and print what comes of it.

  load        how many requests arrive per second; also the saturation point of each
              strategy, the load that it can just serve
  batch-size  how many slots there are
  timeout     how long a dynamic batch may form
  PARAMETER   any number or duration of the strategies on stage, by its name or an alias
              such as max_num_batched_tokens, token_budget or kv_cache_tokens; strategies
              without it are left out
"""
_EXAMPLES = """\
examples:
  tui-batching sweep load
  tui-batching sweep load chat --values 0.5 1 2 4
  tui-batching sweep load chat --metrics ttft.p99,tpot.p99,attainment --slo ttft=1s
  tui-batching sweep load chat --values 2s 1s 500ms 250ms
  tui-batching sweep batch-size chat --values 1 2 4 8 16 32 --set workload.rate=5
  tui-batching sweep timeout overload --csv timeouts.csv
  tui-batching sweep token_budget chat --strategies vllm,sglang,fastgen
  tui-batching sweep kv_cache_tokens rag --strategies vllm,tgi --values 8000 16000
"""
_VALUES_HELP = """\
load: requests per second, such as 2.5, or mean gaps, with their unit, such as 400ms;
batch-size: whole numbers; timeout: durations; a parameter: what it may be. Default: a
sensible range, of a parameter halves and doubles around what there is
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("kind", metavar="|".join((*KINDS, "PARAMETER")), help="what is varied")
    firsts = {**FIRST_WORKLOADS, "others": FIRST_OF_ENGINES}
    add_workload(parser, "; ".join(f"{kind}: {name}" for kind, name in firsts.items()))
    parser.add_argument("--values", metavar="VALUE", nargs="+", help=_VALUES_HELP)
    parser.add_argument("--metrics", metavar="NAMES", help=METRICS_HELP)
    add_formats(parser)
    add_executors(parser)
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the sweep as a table, JSON or CSV; warnings come on stderr.

    Raises:
        InputError: if the workload, a setting or a value is not as expected, the options do not
            go together, or the CSV file cannot be written.
    """
    output = read_output(arguments)
    asked = read_metrics(arguments.metrics) if arguments.metrics is not None else ()
    result = replace(_sweep(arguments), asked=asked)
    output.write(
        csv=partial(json_and_csv.write_sweep_csv, result),
        json=partial(json_and_csv.write_sweep_json, result),
        table=partial(_print, result, arguments.ascii),
    )
    if output.format == "csv":  # which has no place for them
        warn(Warned(sentence, sentence) for sentence in result.refusals)
    warn(context_warnings(result.workload.requests, result.workload.cost.profile))


def _print(sweep: Sweep, ascii_only: bool | None) -> None:
    from tui_batching.cli.print_tables import print_sweep  # noqa: PLC0415 - rich loads slowly

    print_sweep(sweep, ascii_only=ascii_only)


def _sweep(arguments: argparse.Namespace) -> Sweep:
    kind = kind_called(arguments.kind)
    known = kind in KINDS or any(owners(kind))
    values = None
    if known and arguments.values:
        values = [read_value(kind, Field.of_text(text, "--values")) for text in arguments.values]
    executors = read_executors(arguments)
    with reporting() as report:
        first = FIRST_WORKLOADS.get(kind, FIRST_OF_ENGINES)
        workload = read_workload(arguments, report, first, kind)
        plan = plan_sweep(workload, kind, values)
    return run_sweeps([plan], executors)[0]
