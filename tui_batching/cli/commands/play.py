"""`play`: watch a workload in the app."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any

from tui_batching.cli.arguments import Choices, add_workload, read_duration, read_workload
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.tui.pace import LOCAL, LOW_BANDWIDTH, Pace

_EXAMPLES = """\
examples:
  tui-batching play
  tui-batching play rag --set batch_size=8
  tui-batching play my-workload.yaml --set dynamic.timeout=300ms --theme light
  tui-batching play --low-bandwidth
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "play",
        help="watch a workload in the app",
        description="Open the app on a workload.",
        epilog=_EXAMPLES,
    )
    add_workload(parser)
    parser.add_argument("--theme", metavar="NAME", help="the colours to start with")
    parser.add_argument(
        "--tick", metavar="DURATION", help="how far the keys , and . go (default: 10ms)"
    )
    parser.add_argument(
        "--low-bandwidth",
        action="store_true",
        help="draw less often and in fewer colours; always so over SSH",
    )
    parser.add_argument(
        "--fps", metavar="N", help="frames a second, 1 to 60 (default: 10, or 5 over SSH)"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Open the app.

    Raises:
        InputError: if there is no terminal, or an argument is not as expected.
        SystemExit: with the app's exit code if it did not end well.
    """
    refuse_without_terminal()
    workload, tick = read_workload(arguments), _tick(arguments.tick)
    pace = read_pace(arguments, os.environ)
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui.app import run_app  # noqa: PLC0415

    code = run_app(workload, arguments.theme, tick, pace)
    if code:
        raise SystemExit(code)


DEFAULTS: dict[str, Any] = {
    "command": run,
    "workload": None,
    "settings": [],
    "theme": None,
    "tick": None,
    "low_bandwidth": False,
    "fps": None,
}
"""The arguments of `play` where no command is named."""


MOST_FRAMES = 60
"""A second; more would be seen by nobody."""
_CANNOT_DRAW = ("dumb", "unknown")
"""Values of TERM that stand for terminals without a cursor that can be moved."""


def refuse_without_terminal() -> None:
    """Refuse to open the app where nobody could see it or press a key.

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


def read_pace(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Pace:
    """How often the app draws.

    Raises:
        InputError: if the number of frames is not as expected.
    """
    slow = arguments.low_bandwidth or "SSH_CONNECTION" in environment
    pace = LOW_BANDWIDTH if slow else LOCAL
    if arguments.fps is None:
        return pace
    text = arguments.fps.strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_FRAMES):
        raise InputError(f"--fps: found {text}, expected a whole number from 1 to {MOST_FRAMES}")
    return pace.at(int(text))


def _tick(text: str | None) -> Picoseconds | None:
    tick = read_duration("--tick", text)
    if tick == 0:
        raise InputError(f"--tick: found {text}, expected a duration longer than zero")
    return tick
