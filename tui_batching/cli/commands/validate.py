"""`validate`: check a workload file or a trace."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tui_batching.cli.arguments import Choices, read_requests
from tui_batching.cli.progress import reporting
from tui_batching.printable import printable
from tui_batching.workload import load_workload

_EXAMPLES = """\
examples:
  tui-batching validate my-workload.yaml
  tui-batching validate trace.csv.gz
"""


def add_to(choices: Choices) -> None:
    """Add the command."""
    parser = choices.add_parser(
        "validate",
        help="check a workload file or a trace",
        description="Check a workload file or a trace; what is wrong is told in one sentence.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Check a workload file.

    Raises:
        InputError: if it is not as expected.
    """
    # A name that is too long for a file is no file either.
    is_file = os.path.exists(arguments.file)  # noqa: PTH110 - Path.exists raises then
    workload = load_workload(Path(arguments.file) if is_file else arguments.file)
    with reporting() as report:
        read_requests(workload, report)
    names = ", ".join(strategy.name for strategy in workload.strategies)
    print(f"{printable(arguments.file)}: valid, {len(workload.requests)} requests, {names}")
