"""Reading a text file so that every failure is one sentence."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from tui_batching.errors import InputError
from tui_batching.workload.fields import Field

LARGEST_YAML = 16 * 2**20
"""Bytes: a quarter of a million listed requests."""


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of YAML.

    Raises:
        InputError: if the file cannot be read, is too large or is not UTF-8.
    """
    with open_file(path, "a YAML file") as opened:
        try:
            content = opened.read(LARGEST_YAML + 1)
        except OSError as error:
            raise unreadable(path, error, "a YAML file") from None
    where = str(path)
    if len(content) > LARGEST_YAML:
        raise InputError(
            f"{where}: found more than {LARGEST_YAML:,} bytes, expected a smaller file"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}:{line}: found bytes that are not UTF-8, expected UTF-8 text"
        ) from None


def open_file(path: Path, expected: str) -> BinaryIO:
    """Open an ordinary file.

    Args:
        path: where it is.
        expected: what it should be, such as `a trace`.

    Raises:
        InputError: if there is none, or it is a folder, a device, which may have no end, or a pipe,
            which may have no writer to wait for.
    """
    try:
        kind = _kind(path.stat().st_mode)  # before it is opened, which may wait
        if not kind:
            return path.open("rb")
    except FileNotFoundError:
        kind = "no such file"
    except (OSError, ValueError) as error:
        raise unreadable(path, error, expected) from None
    raise InputError(f"{path}: found {kind}, expected {expected}")


def unreadable(path: Path, error: Exception, expected: str) -> InputError:
    """The sentence that tells why a file cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"{path}: cannot be read ({reason}), expected {expected}")


def _kind(mode: int) -> str:
    """What it is instead of an ordinary file."""
    if stat.S_ISREG(mode):
        return ""
    return "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"


def path_within(folder: Path, field: Field) -> Path:
    """The path in a value of a file of this folder: a file from elsewhere may not read all files.

    Raises:
        InputError: if it is relative and leaves the folder, be it through a link.
    """
    path = Path(field.text())
    if path.is_absolute():
        return path
    try:
        inside = (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise field.complaint(f"cannot be read ({error}), expected a file") from None
    if not inside:
        raise field.error("a path that stays in the file's folder, or an absolute one")
    return folder / path
