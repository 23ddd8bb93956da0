"""`validate`: check a workload file, a trace or a deck."""

from __future__ import annotations

import argparse
from pathlib import Path

from tui_batching.cli.arguments import read_requests
from tui_batching.cli.decks import check_deck, is_deck_file, is_there, read_deck
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.numbers import counted
from tui_batching.printable import printable
from tui_batching.workload import load_workload

_EXAMPLES = """\
examples:
  tui-batching validate my-workload.yaml
  tui-batching validate trace.csv.gz
  tui-batching validate my-talk.yaml
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Check a workload file, a trace or a deck; what is wrong is told in one sentence."
    )
    parser.epilog = _EXAMPLES
    parser.add_argument("file", metavar="FILE")


def run(arguments: argparse.Namespace) -> None:
    """Check a workload file, a trace or a deck.

    Raises:
        InputError: if it is not as expected.
    """
    if is_deck_file(arguments.file):
        with reporting() as report:
            check_deck(read_deck(arguments.file), report)
        return
    workload = load_workload(Path(arguments.file) if is_there(arguments.file) else arguments.file)
    with reporting() as report:
        read_requests(workload, report)
    names = ", ".join(strategy.name for strategy in workload.strategies)
    print(
        f"{printable(arguments.file)}: valid, {counted(len(workload.requests), 'request')}, {names}"
    )
