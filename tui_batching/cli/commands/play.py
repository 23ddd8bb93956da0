"""`play`: watch a workload in the app."""

from __future__ import annotations

import argparse
import gc
import os

from tui_batching.cli.arguments import add_workload, read_duration, read_workload
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import (
    add_drawing,
    read_config,
    read_pace,
    refuse_without_terminal,
)
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError

_EXAMPLES = """\
examples:
  tui-batching play
  tui-batching play rag --set batch_size=8
  tui-batching play chat --strategies static,continuous
  tui-batching play my-workload.yaml --set dynamic.timeout=300ms --theme light
  tui-batching play requests.jsonl --set cost=my-server.yaml
  tui-batching play --paused --low-bandwidth
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "Open the app on a workload."
    parser.epilog = _EXAMPLES
    add_workload(parser)
    parser.add_argument(
        "--tick", metavar="DURATION", help="how far the keys , and . go (default: 10ms)"
    )
    parser.add_argument(
        "--paused", action="store_true", help="wait at time zero until somebody presses space"
    )
    add_drawing(parser)


def run(arguments: argparse.Namespace) -> None:
    """Open the app.

    Raises:
        InputError: if there is no terminal, or an argument is not as expected.
        SystemExit: with the app's exit code if it did not end well.
    """
    refuse_without_terminal()
    tick, pace = _tick(arguments.tick), read_pace(arguments, os.environ)
    config = read_config(arguments)
    with reporting() as report:
        workload = read_workload(arguments, report)
    # Here, so that no other command waits for the app's libraries. They make many objects and no
    # garbage: to look for it meanwhile would be a tenth of the time to the first picture.
    gc.disable()
    from tui_batching.tui.app import run_app  # noqa: PLC0415

    code = run_app(workload, config, tick, pace, plays=not arguments.paused)
    if code:
        raise SystemExit(code)


def _tick(text: str | None) -> Picoseconds | None:
    tick = read_duration("--tick", text)
    if tick == 0:
        raise InputError(f"--tick: found {text}, expected a duration longer than zero")
    return tick
