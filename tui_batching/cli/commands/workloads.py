"""`workloads`: what is bundled, and what is done with workloads."""

from __future__ import annotations

import argparse

from tui_batching.cli.commands import export
from tui_batching.cli.parser import Parser
from tui_batching.cli.terminal import add_ascii
from tui_batching.workload import bundled_workloads, load_workload

_EXAMPLES = """\
examples:
  tui-batching workloads
  tui-batching workloads export chat -o chat.csv
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "List the bundled workloads with what to watch for in each."
    parser.epilog = _EXAMPLES
    add_ascii(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    export.add_arguments(
        commands.add_parser("export", help="write the requests of a workload as a trace")
    )


def run(arguments: argparse.Namespace) -> None:
    """List the bundled workloads."""
    from tui_batching.cli.print_listings import print_workloads  # noqa: PLC0415 - rich loads slowly

    print_workloads(
        [load_workload(path) for path in bundled_workloads().values()], ascii_only=arguments.ascii
    )
