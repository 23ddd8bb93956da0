"""What Textual does not promise is used in one file, which says in what version it was read."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from command_line import CHECKOUT

from tui_batching.tui import textual_internals

HOME = Path(textual_internals.__file__)
MODULES = {file: ast.parse(file.read_text()) for file in HOME.parent.rglob("*.py")}


OF_NAMED_TUPLES = {"_make", "_replace", "_asdict", "_fields"}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OF_NAMED_TUPLES


def defined() -> Iterator[str]:
    """The private names that the app gives to something."""
    for tree in MODULES.values():
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    yield name


def test_no_other_module_uses_a_private_name_that_is_not_our_own() -> None:
    ours = set(defined())
    for file, tree in MODULES.items():
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        foreign = {name for name in used if private(name)} - ours
        assert file == HOME or not foreign, (file.name, foreign)


def test_no_module_imports_a_private_one_of_textual() -> None:
    for file, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
                parts = [*str(node.module).split("."), *(alias.name for alias in node.names)]
                assert not any(map(private, parts)), (file.name, parts)


def test_the_version_that_it_was_read_in_is_the_one_that_is_tested() -> None:
    [read] = re.findall(r"Textual (\d+\.\d+\.\d+)", str(textual_internals.__doc__))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert f"textual=={read}" in project["optional-dependencies"]["dev"]
