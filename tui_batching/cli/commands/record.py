"""`record`: the app, played without a terminal, as a cast."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TextIO

from tui_batching.cli.arguments import FIRST_WORKLOAD, add_workload, read_workload
from tui_batching.cli.decks import chapter_number, read_deck
from tui_batching.cli.outputs import add_output, output_file
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import counting, reporting
from tui_batching.cli.terminal import MOST_FRAMES
from tui_batching.errors import InputError
from tui_batching.export.cast import Cast
from tui_batching.output_files import written_whole
from tui_batching.printable import printable
from tui_batching.reading.fields import Field
from tui_batching.tour.deck import FASTEST
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions

if TYPE_CHECKING:
    from tui_batching.tui.recorder import Take

_SIZE = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")
_LARGEST = 1000
_MOST_SECONDS = 3600
_EXAMPLES = """\
examples:
  tui-batching record -o talk.cast
  tui-batching record rag --set batch_size=8 --size 120x36 --speed 2 -o rag.cast
  tui-batching record --chapter 6 -o static.cast               of the guided tour
  tui-batching record my-talk.yaml --chapter 2 -o today.cast   of another deck

asciinema play talk.cast shows it in a terminal, agg talk.cast talk.gif makes a moving picture.
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Play a workload, or one chapter of a deck, in the app without a terminal, and write\n"
        "what a terminal would show as a cast (asciicast v2). The same arguments give the\n"
        "same bytes, however long the machine takes for it. A chapter plays to where it\n"
        "stops, and stays there, or plays its loop; one with neither until, loop nor\n"
        "play: true is a still picture, as in the talk."
    )
    parser.epilog = _EXAMPLES
    add_workload(parser, f"{FIRST_WORKLOAD}; with --chapter a deck, by default the guided tour")
    add_output(parser, "the cast")
    parser.add_argument(
        "--chapter", metavar="N", help="record this chapter of a deck, with its text"
    )
    parser.add_argument(
        "--size", metavar="WxH", default="100x30", help="columns and rows (default: 100x30)"
    )
    parser.add_argument(
        "--seconds", metavar="S", default="20", help="how long the cast is (default: 20)"
    )
    parser.add_argument(
        "--speed",
        metavar="X",
        help=f"simulated seconds a second, up to {FASTEST} (default: as the app or chapter begins)",
    )
    parser.add_argument("--theme", metavar="NAME", help="the colours")
    parser.add_argument(
        "--fps", metavar="N", help=f"frames a second, 1 to {MOST_FRAMES} (default: {LOCAL.frames})"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with plain ASCII")


def run(arguments: argparse.Namespace) -> None:
    """Record.

    Raises:
        InputError: if an argument, the workload or the deck is not as expected, or the file cannot
            be written.
        SystemExit: with the app's exit code if it did not end well.
    """
    target = output_file(arguments)
    take = _read_take(arguments)
    if target:
        with written_whole(target, replace=arguments.force) as out:
            said = _record(take, out)
    else:
        said = _record(take, sys.stdout)
    for sentence in said:
        if sentence not in take.workload.notices:  # those have been told
            print(f"tui-batching: warning: {printable(sentence)}", file=sys.stderr)


def _record(take: Take, out: TextIO) -> list[str]:
    """Write the cast; returns what the app had to say of it."""
    from tui_batching.tui.recorder import record  # noqa: PLC0415

    cast = Cast(out, take.size, take.title)
    with counting(f"recording {take.title}, frames") as count:
        return record(take, cast.write, count)


def _read_take(arguments: argparse.Namespace) -> Take:
    """What the arguments want to be recorded.

    Raises:
        InputError: if one of them is not as expected.
    """
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui.main_screen import SMALLEST  # noqa: PLC0415
    from tui_batching.tui.recorder import Take  # noqa: PLC0415

    take = partial(
        Take,
        size=_read_size(arguments.size, SMALLEST),
        seconds=_read_number("--seconds", arguments.seconds, _MOST_SECONDS),
        speed=arguments.speed and _read_number("--speed", arguments.speed, FASTEST),
        theme=arguments.theme,
        drawing=_read_drawing(arguments),
    )
    if arguments.chapter is None:
        with reporting() as report:
            workload = read_workload(arguments, report)
        return take(workload, f"tui-batching: {workload.name}")
    return _read_chapter(arguments, take)


def _read_chapter(arguments: argparse.Namespace, take: partial[Take]) -> Take:
    """The take of a chapter, whose workload the deck names and changes.

    Raises:
        InputError: if there is no such chapter, or the arguments want to change its workload.
    """
    if arguments.settings or arguments.strategies:
        raise InputError(
            "--set, --slo and --strategies: found with --chapter, expected without it; "
            "a deck says what is changed"
        )
    deck = read_deck(arguments.workload)
    number = chapter_number(deck, arguments.chapter)
    chapter = deck.chapters[number]
    return take(chapter.workload, f"{deck.title}: {chapter.title}", deck=deck, chapter=number)


def _read_size(text: str, least: tuple[int, int]) -> tuple[int, int]:
    given = _SIZE.fullmatch(text)
    size = (int(given[1]), int(given[2])) if given else (0, 0)
    if not all(low <= cells <= _LARGEST for low, cells in zip(least, size, strict=True)):
        low, high = f"{least[0]}x{least[1]}", f"{_LARGEST}x{_LARGEST}"
        expected = f"columns and rows from {low} to {high}, such as 100x30"
        raise Field.of_text(text, "--size").error(expected)
    return size


def _read_number(option: str, text: str, most: float) -> float:
    return Field.of_text(text, option).decimal(above=0, most=most)


def _read_drawing(arguments: argparse.Namespace) -> DrawingOptions:
    """How the app draws: as on a fast terminal, wherever it is recorded."""
    drawing = replace(LOCAL, ascii=arguments.ascii)
    if arguments.fps is None:
        return drawing
    return drawing.at(Field.of_text(arguments.fps, "--fps").whole(1, MOST_FRAMES))
