"""`profiles`: what an iteration costs on which accelerator, as far as it is bundled."""

from __future__ import annotations

import argparse

from tui_batching.cli.arguments import Choices
from tui_batching.cli.terminal import add_ascii
from tui_batching.workload import bundled_profiles, load_profile

_EXAMPLES = """\
examples:
  tui-batching profiles
  tui-batching play chat --set cost=h100-llama-3-8b
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "profiles",
        help="list the bundled profiles of accelerators",
        description=(
            "List the bundled profiles, which say what an iteration costs: of which accelerator\n"
            "and model, where they hold, and how far they are off."
        ),
        epilog=_EXAMPLES,
    )
    add_ascii(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """List the bundled profiles."""
    from tui_batching.cli.print_listings import print_profiles  # noqa: PLC0415 - rich loads slowly

    print_profiles(map(load_profile, bundled_profiles()), ascii_only=arguments.ascii)
