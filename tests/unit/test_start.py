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
