"""The one error that a user of the program is meant to see, and the phrases it is told in."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from tui_batching.printable import printable


class InputError(ValueError):
    """Bad input, told in one sentence: where it is, what was found and what is expected.

    The command line prints the sentence on stderr and exits with 2; nothing else is caught. The
    sentence often quotes what was found, so whatever a terminal would obey in it is spelt out.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class FileTakenError(InputError):
    """There is a file already where a new one was to be."""


class UnwrittenError(InputError):
    """A file was begun and could not be finished, as on a full disk; the program exits with 1."""


def sentence_of(error: InputError | MemoryError) -> str:
    """What a user is told of an error."""
    if isinstance(error, InputError):
        return str(error)
    return "found too little memory for this, expected fewer requests or more memory"


_MOST_NAMES = 45
"""As many as a sentence bears."""
_NEAREST = 3
"""So many are told of names that are much alike."""


def listed(names: Collection[str]) -> str:
    """Names for a sentence: `a, b, c`; of very many, the first are told."""
    told = ", ".join(list(names)[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{told} and {more} others" if more > 0 else told


def one_of(allowed: Collection[str]) -> str:
    """What is expected of a name that has to be in `allowed`."""
    return listed(allowed) if len(allowed) == 1 else f"one of {listed(allowed)}"


def called_here(names: Collection[str]) -> str:
    """` (here it is called batch_size)` for what is called otherwise elsewhere."""
    return f" (here it is called {' or '.join(names)})" if names else ""


def did_you_mean(name: str, allowed: Collection[str]) -> str:
    """` (did you mean 'count'?)` where a name in `allowed` is close to `name`."""
    return _meant(name, allowed, 1)


def nearest_to(name: str, allowed: Collection[str]) -> str:
    """The same for names that are much alike: ` (did you mean 'p90' or 'p99'?)`."""
    return _meant(name, allowed, _NEAREST)


def _meant(name: str, allowed: Collection[str], most: int) -> str:
    close = difflib.get_close_matches(name[:60], list(allowed), n=most)
    if not close:
        return ""
    *others, last = map(repr, close)
    return (
        f" (did you mean {', '.join(others)} or {last}?)" if others else f" (did you mean {last}?)"
    )
