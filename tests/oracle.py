"""The oracle: exact results of eleven workloads, computed independently of this project."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def oracle() -> dict[str, Any]:
    """The oracle's parts by name; skips the test where the oracle is not at hand."""
    path = SHARED / "oracle" / "notebook.json"
    if not path.is_file():
        pytest.skip("the oracle (../shared/oracle/notebook.json) is not beside this checkout")
    return _load(path)


@cache
def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def engine_workloads(folder: str) -> dict[str, dict[str, Any]]:
    """Recorded workloads of real engines by file and name; none where the oracle is not at hand."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((SHARED / "oracle" / folder).glob("*.json")):
        whole = _load(path)
        told = {name: whole[name] for name in ("async_scheduling",) if name in whole}
        for workload in whole["workloads"]:
            found[f"{path.stem}-{workload['name']}"] = workload | told
    return found


def recorded_engine(name: str) -> dict[str, dict[str, Any]]:
    """Workloads of an engine by name, with their cost; none where the oracle is not at hand."""
    path = SHARED / "oracle" / "engines" / f"{name}.json"
    if not path.is_file():
        return {}
    whole = _load(path)
    return {key: told | {"cost": whole["cost"]} for key, told in whole["workloads"].items()}
