"""Reading a text file so that every failure is one sentence."""

from __future__ import annotations

from pathlib import Path

from tui_batching.errors import InputError
from tui_batching.workload.fields import Field


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        InputError: if the file cannot be read or is not UTF-8.
    """
    where = str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{where}: found no such file, expected a YAML file") from None
    except IsADirectoryError:
        raise InputError(f"{where}: found a folder, expected a YAML file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{where}: cannot be read ({reason}), expected a YAML file") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}:{line}: found bytes that are not UTF-8, expected UTF-8 text"
        ) from None


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
