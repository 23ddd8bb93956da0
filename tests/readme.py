"""The README's examples, run for real: `python -m tests.readme` writes what they print into it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tui_batching.tui.bindings import KEYS

README = Path(__file__).parents[1] / "README.md"
_KEYS = re.compile(r"(<!-- keys: begin -->\n).*?(<!-- keys: end -->)", re.DOTALL)
_CONSOLE = re.compile(r"(```console\n\$ ([^\n]*)\n).*?(```)", re.DOTALL)
_PYTHON = re.compile(r"(```python\n(.*?)```\n\nprints\n\n```text\n).*?(```)", re.DOTALL)


def up_to_date(text: str) -> str:
    """The README with its table of keys and the output of its examples made anew."""
    text = _KEYS.sub(lambda match: match[1] + KEYS.in_markdown() + match[2], text)
    text = _CONSOLE.sub(lambda match: match[1] + _shell_output(match[2]) + match[3], text)
    return _PYTHON.sub(lambda match: match[1] + _python_output(match[2]) + match[3], text)


def _shell_output(command: str) -> str:
    """What a command prints at 100 columns, with `tui-batching` as this checkout's program."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(README.parent)}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "tui-batching"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui_batching "$@"\n')
        program.chmod(0o755)
        environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=True
        )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def _python_output(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    return printed.getvalue()


if __name__ == "__main__":
    README.write_text(up_to_date(README.read_text()))
