"""The one error that a user of the program is meant to see."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input, told in one sentence: where it is, what was found and what is expected.

    The command line prints the sentence on stderr and exits with 2; nothing else is caught.
    """
