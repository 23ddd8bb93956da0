"""Who may import whom: the simulator and the command line do without the app's libraries."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tui_batching

PACKAGE = Path(tui_batching.__file__).parent
APP_LIBRARIES = {"textual", "plotext"}
HOMES = {"textual": "tui", "plotext": "charts"}
OPENERS = ("decks.py", "play.py", "present.py", "record.py", "terminal.py")
"""The modules of the command line that know the app."""


def imported_names(file: Path) -> Iterator[str]:
    """The modules that a file imports anywhere, relative ones left out."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_in(*parts: str) -> list[Path]:
    return sorted(PACKAGE.joinpath(*parts).rglob("*.py"))


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded after running the code in a new process."""
    report = "; import sys; print('|'.join({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split("|"))


def test_only_the_app_imports_textual_and_only_the_charts_plotext():
    for file in files_in():
        libraries = {name.partition(".")[0] for name in imported_names(file)}
        strangers = {
            library for library, home in HOMES.items() if PACKAGE / home not in file.parents
        }
        assert not libraries & strangers, file


def test_only_the_commands_that_open_the_app_know_it():
    for file in files_in():
        if file.is_relative_to(PACKAGE / "tui") or file.name in OPENERS:
            continue
        assert not any(name.startswith("tui_batching.tui") for name in imported_names(file)), file


@pytest.mark.parametrize(
    ("part", "above"),
    [
        ("reading", ("workload", "sim", "analysis", "charts", "tour", "export", "cli", "tui")),
        ("workload", ("sim", "analysis", "charts", "tour", "export", "cli", "tui")),
        ("sim", ("analysis", "charts", "tour", "export", "cli", "tui")),
        ("analysis", ("charts", "tour", "export", "cli", "tui")),
        ("charts", ("export", "cli", "tui")),
        ("export", ("cli", "tui")),
        ("tour", ("charts", "export", "cli", "tui")),
        ("tui", ("cli",)),
    ],
)
def test_data_flows_one_way(part: str, above: tuple[str, ...]):
    for file in files_in(part):
        for name in imported_names(file):
            assert not name.startswith(tuple(f"tui_batching.{other}" for other in above)), file


def test_methods_of_the_app_say_what_they_do_unless_their_name_does():
    """Textual calls some by their names; of two lines a name says enough."""
    for file in files_in("tui"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                continue
            for method in node.body:
                if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                called_by_name = method.name.startswith(("_", "on_", "action_", "compose"))
                short = (method.end_lineno or 0) - method.lineno <= 2
                assert called_by_name or short or ast.get_docstring(method), (
                    f"{file.name}: {node.name}.{method.name}"
                )


def test_the_library_loads_without_anything_that_draws():
    assert not loaded_by("import tui_batching") & (APP_LIBRARIES | {"rich"})


@pytest.mark.parametrize("arguments", [["compare"], ["compare", "--json"], ["workloads"]])
def test_the_command_line_runs_without_the_apps_libraries(arguments: list[str]):
    loaded = loaded_by(f"from tui_batching.__main__ import main; main({arguments})")
    assert "tui_batching" in loaded
    assert not loaded & APP_LIBRARIES


def test_json_is_printed_without_rich():
    assert "rich" not in loaded_by(
        "from tui_batching.__main__ import main; main(['compare', '--json'])"
    )


def test_every_public_name_is_there():
    for name in tui_batching.__all__:
        assert getattr(tui_batching, name) is not None


def test_a_class_name_has_one_meaning():
    homes: dict[str, Path] = {}
    for file in files_in():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                name = node.name.removeprefix("_")
                assert name not in homes, (name, file, homes[name])
                homes[name] = file
