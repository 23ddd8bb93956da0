"""A presentation that is going on: how the speaker notes in another terminal follow it.

The presenting app keeps a small file in a folder that is the user's alone, one file a deck, and
replaces it as a whole whenever a chapter is turned; the notes look at it a few times a second.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui_batching.errors import InputError

_FOLDER = "tui-batching"
_LARGEST = 300
"""More characters than any such file has."""
_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Presentation:
    """How far a presentation is.

    Attributes:
        process: the id of the process that presents.
        chapter: the number of the chapter, from zero.
        started: when the presentation began, in seconds since 1970.
        turned: when this chapter would have begun if it had been told in one go, the same.
        black: whether its screen is black.
    """

    process: int
    chapter: int
    started: float
    turned: float
    black: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the process that presents is still there."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def presentation_file(deck: Path) -> Path:
    """The file in which a presentation of this deck says where it is.

    Raises:
        InputError: if there is no folder for it that is the user's alone.
    """
    key = hashlib.sha256(os.fsencode(deck.resolve())).hexdigest()[:16]
    return _private_folder() / f"presenting-{key}.json"


def write_presentation(file: Path, presentation: Presentation) -> None:
    """Say where the presentation is; whoever reads sees all of it or what was there before.

    Raises:
        InputError: if it cannot be written.
    """
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        draft.write_text(json.dumps(asdict(presentation)), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror or error})") from None


def read_presentation(file: Path) -> Presentation | None:
    """Where the presentation is; None where nothing is being presented.

    Raises:
        InputError: if the file cannot be read or was not written by this program.
    """
    try:
        with file.open(encoding="utf-8") as opened:
            found = json.loads(opened.read(_LARGEST))
        return _checked(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        where = str(file)
        raise InputError(f"{where}: found no place of a presentation ({error})") from None


def remove_presentation(file: Path) -> None:
    """Say that this process presents no more; what another process says there stays."""
    presentation = read_presentation(file)
    if presentation is not None and presentation.process == os.getpid():
        file.unlink(missing_ok=True)


def _checked(found: Any) -> Presentation:
    presentation = Presentation(**found)
    for number, least in ((presentation.process, 1), (presentation.chapter, 0)):
        if type(number) is not int or not least <= number <= _LARGEST_NUMBER:
            raise ValueError(f"{number!r} is no number of a process or chapter")
    instants = (presentation.started, presentation.turned)
    if not all(map(math.isfinite, instants)) or type(presentation.black) is not bool:
        raise ValueError("found no instant, or neither true nor false")
    return presentation


def _private_folder() -> Path:
    """A folder that nobody else can write to, made where it is missing.

    In a folder for everybody's files somebody else may have put one of this name first, or a link
    to another one; it is refused unless it is a real folder of this user, closed to all others.
    """
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if Path(session).is_absolute() and Path(session).is_dir():
        folder = Path(session) / _FOLDER
    else:
        folder = Path(tempfile.gettempdir()) / f"{_FOLDER}-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from None
    private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not private or found.st_uid != os.getuid():
        raise InputError(f"{folder}: found what others can reach, expected a folder of yours alone")
    return folder
