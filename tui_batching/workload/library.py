"""The bundled workloads."""

from __future__ import annotations

from pathlib import Path

from tui_batching.data_folders import data_folder
from tui_batching.errors import InputError
from tui_batching.printable import name_of
from tui_batching.workload.wording import did_you_mean, one_of, shown

_TEACHING_ORDER = (
    "notebook",
    "illustrative",
    "mixed-lengths",
    "chat",
    "code-completion",
    "rag",
    "bursty",
    "summarize-burst",
    "overload",
    "notebook-load",
    "notebook-batch-size",
    "notebook-large",
    "anyscale-32",
    "anyscale-128",
    "anyscale-512",
    "anyscale-1536",
)


def bundled_workloads() -> dict[str, Path]:
    """The bundled workloads' files by name, in an order to learn from."""
    files = {name_of(path): path for path in sorted(data_folder("workloads").glob("*.yaml"))}
    known = [name for name in _TEACHING_ORDER if name in files]
    return {name: files[name] for name in (*known, *(n for n in files if n not in known))}


def bundled_workload(name: str) -> Path:
    """The file of the bundled workload called `name`.

    Raises:
        InputError: if there is none.
    """
    files = bundled_workloads()
    if name not in files:
        raise InputError(
            f"found no workload called {shown(name)}, expected a file (*.yaml or a trace) or "
            f"{one_of(files)}{did_you_mean(name, files)}"
        )
    return files[name]
