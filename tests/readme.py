"""The README's examples, run for real: `python -m tests.readme` writes what they print into it."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tui_batching.cost import Profile
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.strategies.strategy import Textbook
from tui_batching.tui.bindings import KEYS
from tui_batching.workload import bundled_profiles, load_profile
from tui_batching.workload.traces import FORMATS

README = Path(__file__).parents[1] / "README.md"
_KEYS = re.compile(r"(<!-- keys: begin -->\n).*?(<!-- keys: end -->)", re.DOTALL)
_ENGINES = re.compile(r"(<!-- engines: begin -->\n).*?(<!-- engines: end -->)", re.DOTALL)
_FORMATS = re.compile(r"(<!-- formats: begin -->\n).*?(<!-- formats: end -->)", re.DOTALL)
_PROFILES = re.compile(r"(<!-- profiles: begin -->\n).*?(<!-- profiles: end -->)", re.DOTALL)
_CONSOLE = re.compile(r"(```console\n\$ ([^\n]*)\n).*?(```)", re.DOTALL)
_PYTHON = re.compile(r"(```python\n(.*?)```\n\nprints\n\n```text\n).*?(```)", re.DOTALL)


def up_to_date(text: str) -> str:
    """The README with its tables and the output of its examples made anew."""
    text = _KEYS.sub(lambda match: match[1] + KEYS.in_markdown() + match[2], text)
    text = _ENGINES.sub(lambda match: match[1] + engines_table() + match[2], text)
    text = _FORMATS.sub(lambda match: match[1] + formats_table() + match[2], text)
    text = _PROFILES.sub(lambda match: match[1] + profiles_table() + match[2], text)
    text = _CONSOLE.sub(lambda match: match[1] + _shell_output(match[2]) + match[3], text)
    return _PYTHON.sub(lambda match: match[1] + _python_output(match[2]) + match[3], text)


_SHARED = ("batch_size", "token_budget", "block_size", "kv_cache_tokens")
"""The settings that engines have in common, by the name that each of them understands."""


def engines_table() -> str:
    """The settings of every strategy that is none of the textbook's, out of the registry."""
    shared = ["| engine |" + "".join(f" `{key}` |" for key in _SHARED), "|---|---|---|---|---|"]
    own = ["| engine | further setting | default | what it is |", "|---|---|---|---|"]
    for name, kind in STRATEGIES.items():
        if issubclass(kind, Textbook):
            continue
        told, defaults = _attributes(kind), kind()
        cells = dict.fromkeys(_SHARED, "")
        for parameter in kind.about.parameters:
            default = _written(defaults.value(parameter.name))
            (key, *_) = [*(key for key in _SHARED if parameter.is_called(key)), ""]
            if key:
                called = "" if parameter.name == key else f"`{parameter.name}` "
                cells[key] = f"{called}{default}"
            else:
                row = f"`{name}` | `{parameter.name}` | {default} | {told[parameter.name]}"
                own.append(f"| {row} |")
        shared.append(f"| **`{name}`** | " + " | ".join(cells.values()) + " |")
    return "".join(f"{row}\n" for row in (*shared, "", *own))


def formats_table() -> str:
    """The formats of traces, out of the table of them."""
    rows = ["| `format` | times in | what it is |", "|---|---|---|"]
    for name, known in FORMATS.items():
        unit = "instants" if known.instants else known.unit if known.arrival else ""
        rows.append(f"| `{name}` | {unit} | {known.about} |")
    return "".join(f"{row}\n" for row in rows)


def profiles_table() -> str:
    """The bundled profiles, out of their files."""
    rows = [
        "| profile | whose times | where it holds: batch, context | error: mean, most | KV cache |",
        "|---|---|---|---|---|",
    ]
    for name in bundled_profiles():
        cost = load_profile(name)
        profile = cost.profile
        assert profile is not None
        whose = profile.description + (", **kernels only**" if profile.kernels_only else "")
        holds = [
            f"{least:,}–{most:,}" for least, most in filter(None, (profile.batch, profile.context))
        ]
        errors = [f"{share:.2g} %" for share in _percents(profile)]
        memory = "no end" if cost.kv_cache_tokens is None else f"{cost.kv_cache_tokens:,} tokens"
        unknown = "not known" if holds else ""
        told = (f"`{name}`", whose, ", ".join(holds), ", ".join(errors) or unknown, memory)
        rows.append(f"| {' | '.join(told)} |")
    return "".join(f"{row}\n" for row in rows)


def _percents(profile: Profile) -> list[float]:
    shares = (profile.mean_error, profile.max_error)
    return [100 * share for share in shares if share is not None]


def _attributes(kind: type[Strategy]) -> dict[str, str]:
    """What the docstring says of each field."""
    _, _, told = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", told, re.MULTILINE)
    return {name: " ".join(text.split()).rstrip(".") for name, text in found}


def _written(value: object) -> str:
    """A value as it stands in a file."""
    match value:
        case None:
            return "none"
        case ():
            return ""
        case bool():
            return str(value).lower()
    return str(value)


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
