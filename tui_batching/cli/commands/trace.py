"""`trace`: every request and span as Chrome trace events."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tui_batching.cli.arguments import add_workload, read_duration, read_workload
from tui_batching.cli.outputs import add_output, output_file
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import Reporter, reporting
from tui_batching.clock import HORIZON, format_duration
from tui_batching.errors import InputError
from tui_batching.export import trace_output
from tui_batching.export.trace_output import Stretch
from tui_batching.numbers import counted
from tui_batching.output_files import written_whole
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.workload import Workload

_EXAMPLES = """\
examples:
  tui-batching trace -o notebook.json
  tui-batching trace overload --set batch_size=8 -o overload.json --force
  tui-batching trace chat -o - | gzip > chat.json.gz
  tui-batching trace chat --strategy vllm --from 60s --to 90s -o vllm.json

Open the file at https://ui.perfetto.dev (it stays on your machine) or chrome://tracing.
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Serve a workload with each strategy and write Chrome trace-event JSON: a process a\n"
        "strategy, a track a slot with every request, and counters of the queue."
    )
    parser.epilog = _EXAMPLES
    add_workload(parser)
    parser.add_argument(
        "--from",
        dest="begin",
        metavar="DURATION",
        help="write what reaches beyond this instant (default: from the start)",
    )
    parser.add_argument(
        "--to",
        dest="end",
        metavar="DURATION",
        help="write what begins by this instant (default: to the end)",
    )
    add_output(parser, "JSON")


def run(arguments: argparse.Namespace) -> None:
    """Write the trace.

    Raises:
        InputError: if the workload or a setting is not as expected, or the file cannot be written.
    """
    target, part = output_file(arguments), _part(arguments)
    with reporting() as report:
        workload, runs = _simulate(arguments, report)
        _refuse_after(runs, part)
        if target:
            report(f"writing {target.name}")
            with written_whole(target, replace=arguments.force) as out:
                trace_output.write(workload.name, runs, out, part)
    if not target:
        trace_output.write(workload.name, runs, sys.stdout, part)


def _part(arguments: argparse.Namespace) -> Stretch:
    begin = read_duration("--from", arguments.begin)
    end = read_duration("--to", arguments.end)
    part = Stretch(0 if begin is None else begin, HORIZON if end is None else end)
    if part.begin > part.end:
        raise InputError(
            f"--to: found {arguments.end}, expected an instant after --from {arguments.begin}"
        )
    return part


def _refuse_after(runs: Sequence[Run], part: Stretch) -> None:
    """Refuse to write what is after the end of all."""
    end = max(run.finished for run in runs)
    if part.begin > end:
        found = format_duration(part.begin)
        raise InputError(f"--from: found {found}, expected at most {format_duration(end)}, the end")


def _simulate(arguments: argparse.Namespace, report: Reporter) -> tuple[Workload, list[Run]]:
    workload = read_workload(arguments, report)
    runs = []
    for strategy in workload.lanes:
        report(f"{strategy.name}, {counted(len(workload.requests), 'request')}")
        runs.append(simulate(workload, strategy))
    return workload, runs
