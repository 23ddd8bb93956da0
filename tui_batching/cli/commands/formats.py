"""`formats`: which traces are read, and how."""

from __future__ import annotations

import argparse

from tui_batching.cli.parser import Parser
from tui_batching.cli.terminal import add_ascii

_EXAMPLES = """\
examples:
  tui-batching formats
  tui-batching compare trace.csv.gz --set workload.busiest=10min
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "List the formats of traces, which are recognised by their content, and what may be\n"
        "said of how a trace is read and which part of it is replayed."
    )
    parser.epilog = _EXAMPLES
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """List the formats."""
    from tui_batching.cli.print_listings import print_formats  # noqa: PLC0415 - rich loads slowly

    print_formats(ascii_only=arguments.ascii)
