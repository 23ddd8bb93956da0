"""What the commands share that open an app: is there a terminal, and how is it drawn on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui_batching.cli.ascii import add_ascii, needs_ascii
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field
from tui_batching.tui.drawing_options import LOCAL, LOW_BANDWIDTH, DrawingOptions

MOST_FRAMES = 60
"""A second; more would be seen by nobody."""
_CANNOT_DRAW = ("dumb", "unknown")
"""Values of TERM that stand for terminals without a cursor that can be moved."""


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Let the parser take how the app draws."""
    parser.add_argument("--theme", metavar="NAME", help="the colours to start with")
    parser.add_argument(
        "--low-bandwidth",
        action="store_true",
        help="draw less often and in fewer colours; always so over SSH",
    )
    parser.add_argument(
        "--fps", metavar="N", help="frames a second, 1 to 60 (default: 10, or 5 over SSH)"
    )
    add_ascii(parser)


DRAWING_DEFAULTS: dict[str, Any] = {
    "theme": None,
    "low_bandwidth": False,
    "fps": None,
    "ascii": None,
}
"""These arguments where no command is named."""


def refuse_without_terminal() -> None:
    """Refuse to open an app where nobody could see it or press a key.

    Raises:
        InputError: if there is no terminal.
    """
    streams = {"input": sys.__stdin__, "output": sys.__stdout__, "error": sys.__stderr__}
    others = [name for name, stream in streams.items() if not _is_terminal(stream)]
    if others:
        verb = "is" if len(others) == 1 else "are"
        raise InputError(
            f"the app needs a terminal, and standard {' and '.join(others)} {verb} none; "
            "tui-batching compare prints without one"
        )
    if os.environ.get("TERM") in _CANNOT_DRAW:
        raise InputError(
            f"the app needs a terminal that can draw, found TERM={os.environ['TERM']}; "
            "tui-batching compare prints on any"
        )


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def read_pace(arguments: argparse.Namespace, environment: Mapping[str, str]) -> DrawingOptions:
    """How often the app draws, and with what.

    Raises:
        InputError: if the number of frames is not as expected.
    """
    slow = arguments.low_bandwidth or "SSH_CONNECTION" in environment
    plain = needs_ascii(arguments.ascii, sys.__stderr__)  # where Textual writes
    pace = replace(LOW_BANDWIDTH if slow else LOCAL, ascii=plain)
    if arguments.fps is None:
        return pace
    return pace.at(Field.of_text(arguments.fps, "--fps").whole(1, MOST_FRAMES))
