"""The terminal: is there one, what can it show, and how does the app draw on it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tui_batching.errors import InputError
from tui_batching.reading.fields import Field
from tui_batching.tui.drawing_options import LOCAL, LOW_BANDWIDTH, DrawingOptions

if TYPE_CHECKING:
    from tui_batching.config import Config

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first of them that is set counts, as POSIX has it."""
_MULTIPLEXERS = ("TMUX", "STY")
"""Set within tmux and GNU screen, which show ASCII alone unless the locale says UTF-8."""
_FEW_GLYPHS = "linux"
"""The TERM of the console, whose fonts have neither braille nor eighths of a cell."""
MOST_FRAMES = 60
"""A second; more would be seen by nobody."""
_CANNOT_DRAW = ("dumb", "unknown")
"""Values of TERM that stand for terminals without a cursor that can be moved."""


def add_ascii(parser: argparse.ArgumentParser) -> None:
    """Let the parser take which signs are drawn with."""
    parser.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="draw with plain ASCII (default: where locale or terminal show no more)",
    )


def needs_ascii(
    asked: bool | None, stream: TextIO | None, environment: Mapping[str, str] | None = None
) -> bool:
    """Whether only ASCII may be written.

    A locale that is not set at all says nothing, for most containers and SSH sessions have none
    and a terminal of UTF-8; but tmux and GNU screen take it for ASCII.

    Args:
        asked: what the user asks for, if anything.
        stream: where it is written.
        environment: of the program, by default the one that it was started in.
    """
    if not _takes_signs(stream):
        return True
    if asked is not None:
        return asked
    if stream is None or not stream.isatty():
        return False
    given = given_environment() if environment is None else environment
    locale = next((given[name] for name in _LOCALE if given.get(name)), None)
    if given.get("TERM") == _FEW_GLYPHS:
        return True
    if locale is None:
        return any(name in given for name in _MULTIPLEXERS)
    return "utf8" not in locale.lower().replace("-", "")


def given_environment() -> Mapping[str, str]:
    """The environment as the program was started in it.

    Where the locale is C, Python itself sets LC_CTYPE to one with UTF-8 (PEP 538). Linux
    remembers whether it was set before.
    """
    try:
        started = Path("/proc/self/environ").read_bytes()
    except OSError:
        return os.environ
    if b"\0LC_CTYPE=" in b"\0" + started:
        return os.environ
    return {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}


def _takes_signs(stream: TextIO | None) -> bool:
    try:
        "█★⠿".encode(getattr(stream, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def add_preferences(parser: argparse.ArgumentParser) -> None:
    """Let the parser take the config file, and the theme, which wins over it."""
    parser.add_argument("--theme", metavar="NAME", help="the colours to start with")
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="theme, keys and speed as a YAML file (default: config.yaml in your config folder)",
    )


def read_config(arguments: argparse.Namespace) -> Config:
    """What the user prefers, by the options or else by the file that is named or the usual one.

    Raises:
        InputError: if the file or the theme is not as expected.
    """
    # Here, so that what draws nothing does without colours.
    from tui_batching.config import load_config  # noqa: PLC0415

    config = load_config(None if arguments.config is None else Path(arguments.config))
    return config if arguments.theme is None else config.wearing(arguments.theme)


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Let the parser take how the app draws."""
    add_preferences(parser)
    parser.add_argument(
        "--low-bandwidth",
        action="store_true",
        help="draw less often and in fewer colours; always so over SSH",
    )
    parser.add_argument(
        "--fps", metavar="N", help="frames a second, 1 to 60 (default: 10, or 5 over SSH)"
    )
    add_ascii(parser)


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
