"""The turns of phrase that error messages share."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_LONGEST_SHOWN = 60


def shown(text: str) -> str:
    """The text in quotes for an error message: cut, and with nothing a terminal would obey."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "...")


def one_of(allowed: Collection[str]) -> str:
    """What is expected of a name that has to be in `allowed`."""
    names = ", ".join(allowed)
    return names if len(allowed) == 1 else f"one of {names}"


def did_you_mean(name: str, allowed: Collection[str]) -> str:
    """` (did you mean 'count'?)` where a name in `allowed` is close to `name`."""
    close = difflib.get_close_matches(name[:60], list(allowed), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
