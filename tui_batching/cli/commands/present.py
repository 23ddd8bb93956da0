"""`present`: show a room chapter by chapter how batching works."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tui_batching.cli.arguments import Choices
from tui_batching.cli.terminal import (
    add_drawing,
    read_config,
    read_pace,
    refuse_without_terminal,
)
from tui_batching.tour import load_deck

_EXAMPLES = """\
examples:
  tui-batching present                  the guided tour that comes with the program
  tui-batching present --notes          in a second terminal: the speaker's notes for it
  tui-batching present my-talk.yaml     another deck

PageDown and PageUp, which presenter remotes send, turn the chapters; b blackens the screen.
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "present",
        help="present the guided tour, or a deck of your own, to a room",
        description="Present a deck of chapters, each with its text beside the live app.",
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "deck",
        metavar="DECK",
        nargs="?",
        help="a YAML file (default: the guided tour that comes with the program)",
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="instead follow the presentation of this deck in another terminal: speaker notes",
    )
    add_drawing(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Open the app with the deck, or its notes.

    Raises:
        InputError: if there is no terminal, or the deck or an argument is not as expected.
        SystemExit: with the app's exit code if it did not end well.
    """
    refuse_without_terminal()
    pace, config = read_pace(arguments, os.environ), read_config(arguments)
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui import app  # noqa: PLC0415
    from tui_batching.tui.presenting import notes  # noqa: PLC0415
    from tui_batching.tui.views import view_names  # noqa: PLC0415

    deck = load_deck(None if arguments.deck is None else Path(arguments.deck), view_names())
    show = notes.run_notes if arguments.notes else app.present
    code = show(deck, config, pace)
    if code:
        raise SystemExit(code)
