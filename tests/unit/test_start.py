"""What is loaded before anybody sees anything: what is slow to load and not needed comes later."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_line import CHECKOUT, PROGRAM


def loaded(*arguments: str) -> set[str]:
    """The modules that a run of Python loads, and what they are in."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines())
    return {name for row in rows for name in (row, row.partition(".")[0])}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_waits_for_no_library(option: str) -> None:
    assert not {"numpy", "textual", "rich", "yaml"} & loaded(*PROGRAM[1:], option)


def test_the_app_waits_for_nothing_that_it_does_not_show_at_once() -> None:
    app = loaded("-c", "import tui_batching.cli.commands.play, tui_batching.tui.app")
    assert {"numpy", "textual"} <= app  # the list is of modules, and these are needed
    slow = {"plotext", "PIL", "pygments", "shtab", "pandas", "polars", "distributed", "pyarrow"}
    asked_for = {
        "tui_batching.analysis.capacity",
        "tui_batching.analysis.slowest",
        "tui_batching.charts.gallery",
        "tui_batching.cli.print_tables",
        "tui_batching.export.report",
        "tui_batching.measured.fit",
        "tui_batching.measured.server_log",
    }
    assert not (slow | asked_for) & app
