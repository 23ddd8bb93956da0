"""Running the program as a shell does, and reading what it complains of."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from tui_batching.__main__ import main

PROGRAM = (sys.executable, "-m", "tui_batching")
CHECKOUT = Path(__file__).parents[1]


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `$P` is the program."""
    program = " ".join(PROGRAM)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"P='{program}'; {command}"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env=os.environ | environment,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """The one sentence on stderr of arguments that are refused, or of what cannot be done."""
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("tui-batching: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("tui-batching: ").rstrip("\n")


def printed_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that the program prints."""
    assert main(arguments) == 0
    return json.loads(capsys.readouterr().out)


def printed_rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    """The rows of the CSV that the program prints."""
    assert main(arguments) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
