"""Whether to draw with ASCII alone: what the locale, the terminal and the user say of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first of them that is set counts, as POSIX has it."""
_MULTIPLEXERS = ("TMUX", "STY")
"""Set within tmux and GNU screen, which show ASCII alone unless the locale says UTF-8."""
_FEW_GLYPHS = "linux"
"""The TERM of the console, whose fonts have neither braille nor eighths of a cell."""


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
