"""`present`: show a room chapter by chapter how batching works."""

from __future__ import annotations

import argparse
import os

from tui_batching.cli.decks import chapter_number, check_deck, read_deck
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import (
    add_drawing,
    read_config,
    read_pace,
    refuse_without_terminal,
)
from tui_batching.errors import InputError

_EXAMPLES = """\
examples:
  tui-batching present                  the guided tour that comes with the program
  tui-batching present --notes          in a second terminal: the speaker's notes for it
  tui-batching present my-talk.yaml     another deck
  tui-batching present --chapter 6      begin with a later chapter
  tui-batching present --check my-talk.yaml

PageDown and PageUp, which presenter remotes send, turn the chapters, c lists them; b and the
remotes' . blacken the screen.
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "Present a deck of chapters, each with its text beside the live app."
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "deck",
        metavar="DECK",
        nargs="?",
        help="a YAML file (default: the guided tour that comes with the program)",
    )
    parser.add_argument(
        "--chapter", metavar="N", help="the chapter to begin with (default: the first one)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--notes",
        action="store_true",
        help="instead follow the presentation of this deck in another terminal: speaker notes",
    )
    instead.add_argument(
        "--check",
        action="store_true",
        help="instead check the deck, without a terminal: simulate every chapter",
    )
    add_drawing(parser)


def run(arguments: argparse.Namespace) -> None:
    """Open the app with the deck, or its notes; or check the deck.

    Raises:
        InputError: if there is no terminal, or the deck or an argument is not as expected.
        SystemExit: with the app's exit code if it did not end well.
    """
    if arguments.chapter is not None and (arguments.notes or arguments.check):
        other = "--notes" if arguments.notes else "--check"
        raise InputError(f"found --chapter and {other}, expected only one of them")
    if arguments.check:
        with reporting() as report:
            check_deck(read_deck(arguments.deck), report)
        return
    refuse_without_terminal()
    pace, config = read_pace(arguments, os.environ), read_config(arguments)
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui import app  # noqa: PLC0415
    from tui_batching.tui.presenting import notes  # noqa: PLC0415

    deck = read_deck(arguments.deck)
    if arguments.notes:
        code = notes.run_notes(deck, config, pace)
    else:
        begin = chapter_number(deck, arguments.chapter)
        code = app.present(deck, config, pace, begin)
    if code:
        raise SystemExit(code)
