"""In which order the words of a command line may come: a workload may come behind options too."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import pairwise

SET = "--set"
"""The option that several settings may follow."""


def settings_apart(words: Sequence[str]) -> Iterator[str]:
    """Arguments with `--set` before each setting, of which several may follow one.

    So whatever has no `=` stands for itself behind settings too.
    """
    among = False
    for before, word in pairwise(("", *words)):
        if word.startswith("-"):
            among = word.partition("=")[0] == SET
        elif among and "=" in word and before != SET:
            yield SET
        yield word


def take_workload(arguments: argparse.Namespace, words: Sequence[str]) -> Sequence[str]:
    """Take a workload that stands behind options from the words that are left; tell the others.

    In Python 3.11 argparse looks for no optional word any more once an option has come behind
    another word, as in `sweep load --json chat`.
    """
    takes_one = "workload" in arguments and arguments.workload is None
    if not takes_one or not words or words[0].startswith("-"):
        return words
    arguments.workload, *others = words
    return others
