"""Opening files so that every failure is one sentence, and where the bundled ones lie."""

from __future__ import annotations

import stat
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Literal

from tui_batching.errors import InputError

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


def files_in(folder: Path, pattern: str, expected: str) -> list[Path]:
    """The files in a folder whose names match a pattern.

    Raises:
        InputError: if there is no such folder, or it is something else.
    """
    try:
        if folder.is_dir():
            return list(folder.glob(pattern))
        found = "a file" if folder.exists() else "no such folder"
    except OSError as error:
        raise unreadable(folder, error, expected) from None
    raise InputError(f"{folder}: found {found}, expected {expected}")


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


def data_folder(kind: Literal["themes", "workloads"]) -> Path:
    """The folder of bundled files: inside an installed package, or at the top of a checkout.

    Raises:
        InputError: if the installation lacks it.
    """
    package = Path(str(resources.files("tui_batching")))
    for folder in (package / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise InputError(f"the bundled {kind} are missing, expected them in {package / kind}")
