"""`profiles`: what an iteration costs on which accelerator, as far as it is bundled."""

from __future__ import annotations

import argparse

from tui_batching.cli.parser import Parser
from tui_batching.cli.terminal import add_ascii
from tui_batching.workload import bundled_profiles, load_profile

_EXAMPLES = """\
examples:
  tui-batching profiles
  tui-batching play chat --set cost=h100-llama-3-8b
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "List the bundled profiles, which say what an iteration costs: of which accelerator\n"
        "and model, where they hold, and how far they are off."
    )
    parser.epilog = _EXAMPLES
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """List the bundled profiles."""
    from tui_batching.cli.print_listings import print_profiles  # noqa: PLC0415 - rich loads slowly

    print_profiles(map(load_profile, bundled_profiles()), ascii_only=arguments.ascii)
