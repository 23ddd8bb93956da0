"""What stdout takes."""

from __future__ import annotations

import sys

from tui_batching.errors import InputError


def refuse_ascii() -> None:
    """Refuse to draw on a stdout that takes no more than the letters of its encoding.

    Raises:
        InputError: if its encoding has no signs to draw with.
    """
    encoding = sys.stdout.encoding or "ascii"
    try:
        "█★⠿".encode(encoding)
    except UnicodeEncodeError:
        raise InputError(
            f"stdout: found the encoding {encoding}, expected one with signs to draw with "
            "(PYTHONIOENCODING=utf-8 sets it)"
        ) from None
