"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tui_batching.errors import InputError
from tui_batching.workload.wording import printable


def refuse_target(path: Path, *, replace: bool) -> None:
    """Look before the work begins whether the file can be written.

    Raises:
        InputError: if it is there already and must not be replaced, or is no ordinary file.
    """
    where = printable(str(path))
    if not path.exists():
        return
    if not path.is_file():
        raise InputError(f"{where}: found a folder or a device, expected a new file")
    if not replace:
        raise InputError(f"{where}: found a file, expected a new one (--force replaces it)")


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file to write to, which takes its place only once all is written.

    It is written beside its place under another name and then moved there; if anything goes wrong
    before, no trace of it is left and a file that was there stays as it was.

    Raises:
        InputError: if it cannot be written.
    """
    try:
        target = path.resolve()  # a link stays a link
        draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with draft.open("x", encoding="utf-8", newline="") as out:
                yield out
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{printable(str(path))}: cannot be written ({reason})") from None
