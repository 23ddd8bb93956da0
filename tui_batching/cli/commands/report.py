"""`report`: the whole comparison as a Markdown document."""

from __future__ import annotations

import argparse
import io
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_batching.analysis.scene import build_scene
from tui_batching.analysis.sweeps import Kind, plan_sweep
from tui_batching.cli.arguments import add_workload, read_workload, workload_words
from tui_batching.cli.jobs import Executors, add_executors, read_executors, run_sweeps
from tui_batching.cli.outputs import add_output, output_file
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import needs_ascii
from tui_batching.numbers import counted
from tui_batching.output_files import written_whole
from tui_batching.printable import printable

if TYPE_CHECKING:
    from tui_batching.export.report import Report

_SWEEPS: tuple[Kind, ...] = ("load", "batch-size")
_EXAMPLES = """\
examples:
  tui-batching report -o notebook.md
  tui-batching report chat --set batch_size=8 -o chat.md --force
  tui-batching report overload -o - | less
  tui-batching report engines --strategies vllm,sglang --dask tcp://node7:8786 -o engines.md
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Serve a workload with each strategy, at several loads and batch sizes, and write a\n"
        "Markdown document: what came of it in words, tables and charts, and how to repeat it."
    )
    parser.epilog = _EXAMPLES
    add_workload(parser)
    add_output(parser, "Markdown")
    add_executors(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the report.

    Raises:
        InputError: if the workload or a setting is not as expected, or the file cannot be
            written.
    """
    # Here, so that no other command waits for rich.
    from tui_batching.charts.printing import to_ascii  # noqa: PLC0415
    from tui_batching.export import report as document  # noqa: PLC0415

    target, executors = output_file(arguments), read_executors(arguments)
    made = _make(arguments, executors)
    with reporting() as report:
        if target:
            report(f"writing {target.name}")
            with written_whole(target, replace=arguments.force) as out:
                document.write(made, out)
    if not target:
        text = io.StringIO()
        document.write(made, text)
        plain = needs_ascii(None, sys.stdout)
        sys.stdout.write(to_ascii(text.getvalue()) if plain else text.getvalue())


def _make(arguments: argparse.Namespace, executors: Executors) -> Report:
    from tui_batching.export.report import Report  # noqa: PLC0415

    with reporting() as report:
        workload = read_workload(arguments, report)
        report(counted(len(workload.requests), "request"))
        scene = build_scene(workload, None, lambda _: None)
    kinds = _SWEEPS if workload.source.rate else _SWEEPS[1:]  # or else there is no load to vary
    sweeps = run_sweeps([plan_sweep(workload, kind) for kind in kinds], executors)
    return Report(
        scene, sweeps, _commands(shlex.join(map(printable, workload_words(arguments))), kinds)
    )


def _commands(words: str, kinds: Sequence[Kind]) -> list[str]:
    """The lines of a shell that give the same figures."""
    sweeps = (f"sweep {kind} {words}" for kind in kinds)
    lines = (f"report {words} -o report.md", f"compare {words}", *sweeps, f"play {words}")
    return [f"tui-batching {line}" for line in lines]
