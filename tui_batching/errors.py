"""The one error that a user of the program is meant to see."""

from __future__ import annotations

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


def sentence_of(error: InputError | MemoryError) -> str:
    """What a user is told of an error."""
    if isinstance(error, InputError):
        return str(error)
    return "found too little memory for this, expected fewer requests or more memory"
