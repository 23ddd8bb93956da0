"""`strategies`: what may serve a workload, and every setting of it."""

from __future__ import annotations

import argparse

from tui_batching.cli.arguments import Choices
from tui_batching.cli.terminal import add_ascii

_EXAMPLES = """\
examples:
  tui-batching strategies
  tui-batching strategies | grep -A 13 ^vllm
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "strategies",
        help="list the strategies and all their settings",
        description="List the strategies, and each one's settings with their defaults.",
        epilog=_EXAMPLES,
    )
    add_ascii(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """List the strategies."""
    from tui_batching.cli.print_listings import print_strategies  # noqa: PLC0415 - rich loads slowly

    print_strategies(ascii_only=arguments.ascii)
