"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tui_batching.errors import FileTakenError, InputError, UnwrittenError


def refuse_target(path: Path, *, replace: bool) -> None:
    """Look before the work begins whether the file can be written.

    Raises:
        FileTakenError: if it is there already and must not be replaced.
        InputError: if it is no ordinary file.
    """
    with _telling_failures(path):
        if not path.exists():
            return
        if not path.is_file():
            raise InputError(f"{path}: found a folder or a device, expected a new file")
        if not replace:
            raise FileExistsError


@contextmanager
def written_whole(path: Path, *, replace: bool = False) -> Iterator[TextIO]:
    """A text file to write to, which takes its place only once all is written.

    It is written beside its place under another name and then moved there; if anything goes wrong
    before, no trace of it is left and a file that was there stays as it was.

    Args:
        path: the file; a link stays a link, what it points to is written.
        replace: whether it may take the place of a file, even of one that appears meanwhile.

    Raises:
        FileTakenError: if there is a file of that name by then, which may not be replaced.
        InputError: if there can be no such file.
        UnwrittenError: if it cannot be written to its end.
    """
    with _telling_failures(path):
        target = Path(os.path.realpath(path))
        draft = target.with_name(f".tui-batching-{secrets.token_hex(8)}.tmp")
        try:  # before it is opened: a signal may come while it is
            draft_file = draft.open("x", encoding="utf-8", newline="")
            with _telling_failures(path, UnwrittenError), draft_file as out:
                yield out
                out.flush()
                os.fsync(out.fileno())  # some file systems tell only now that they are full
            if replace:
                draft.replace(target)
            else:
                _move_to_free(draft, target)
        finally:
            draft.unlink(missing_ok=True)


def _move_to_free(draft: Path, target: Path) -> None:
    """Give the draft the name of the target, unless that is taken: renaming would not ask.

    Raises:
        FileExistsError: if it is taken.
    """
    try:
        target.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without such links: take the name first, then fill it
        target.touch(exist_ok=False)
        try:
            draft.replace(target)
        except BaseException:
            target.unlink()
            raise


@contextmanager
def _telling_failures(path: Path, kind: type[InputError] = InputError) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise FileTakenError(
            f"{path}: found a file, expected a new one (--force replaces it)"
        ) from None
    except OSError as error:
        raise kind(f"{path}: cannot be written ({error.strerror or error})") from None
