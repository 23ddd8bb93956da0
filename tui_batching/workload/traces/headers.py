"""Headers of traces: YAML files that say what the rows beside them are."""

from __future__ import annotations

import re
from pathlib import Path

from tui_batching.errors import InputError
from tui_batching.printable import quoted
from tui_batching.reading.files import read_text

_VERSION = re.compile(r"^trace_version[ ]*:", re.MULTILINE)
_UNIT = re.compile(r"^time_unit[ ]*:[ ]*(.{0,60})", re.MULTILINE)
_MICROSECONDS = ("us", "microseconds")
_ROWS = ".csv"


def is_header(text: str) -> bool:
    """Whether a YAML text is the header of a TraceV2 of the simulator BLIS."""
    return _VERSION.search(text) is not None


def rows_beside(path: Path) -> Path:
    """The file with the rows of a trace: of a header in YAML the CSV of the same name.

    Raises:
        InputError: if a YAML file cannot be read or is no header, or there are no rows beside it.
    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        return path
    text = read_text(path)
    if not is_header(text):
        raise InputError(f"{path}: found a workload file or other YAML, expected a trace")
    rows = path.with_suffix(_ROWS)
    told = _UNIT.search(text)
    unit = told[1].split("#")[0].strip().strip("\"'") if told else _MICROSECONDS[0]
    if unit not in _MICROSECONDS:
        raise InputError(f"{path}: time_unit: found {quoted(unit)}, expected us")
    if not rows.exists():
        raise InputError(
            f"{path}: found the header of a trace without its rows, expected {quoted(rows.name)} "
            "beside it (or name the CSV itself)"
        )
    return rows
