"""`strategies`: what may serve a workload, and every setting of it."""

from __future__ import annotations

import argparse

from tui_batching.cli.parser import Parser
from tui_batching.cli.terminal import add_ascii

_EXAMPLES = """\
examples:
  tui-batching strategies
  tui-batching strategies | grep -A 13 ^vllm
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "List the strategies, and each one's settings with their defaults."
    parser.epilog = _EXAMPLES
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """List the strategies."""
    from tui_batching.cli.print_listings import print_strategies  # noqa: PLC0415 - rich loads slowly

    print_strategies(ascii_only=arguments.ascii)
