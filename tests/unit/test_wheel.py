"""What is installed: the package with its type hints and its data."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from command_line import CHECKOUT


def test_the_wheel_has_type_hints_and_data_and_no_tests(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="what builds the wheel is not installed")
    build = ("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    subprocess.run([sys.executable, *build], cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {
        path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "tui_batching").rglob("*.py")
    }
    assert modules <= names
    for data in ("py.typed", "tour/batching.yaml", "themes/dark.yaml", "workloads/notebook.yaml"):
        assert f"tui_batching/{data}" in names
    assert not any(name.startswith("tests") for name in names)
