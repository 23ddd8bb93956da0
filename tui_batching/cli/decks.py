"""Decks on the command line: reading one, and checking it as a whole without a terminal."""

from __future__ import annotations

import os
from pathlib import Path

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.cli.progress import Reporter
from tui_batching.clock import HORIZON, format_duration
from tui_batching.errors import InputError
from tui_batching.numbers import counted
from tui_batching.printable import printable
from tui_batching.reading.fields import Field
from tui_batching.reading.files import read_text
from tui_batching.tour import Chapter, Deck, is_deck, load_deck
from tui_batching.tour.values import missing_values
from tui_batching.workload import Workload, bundled_workloads
from tui_batching.workload.workload_files import names_trace


def read_deck(path: str | None) -> Deck:
    """The deck in a file; None for the guided tour that comes with the program.

    Raises:
        InputError: if it is not as expected.
    """
    # Here, so that no other command waits for the app's libraries.
    from tui_batching.tui.bindings import KEYS  # noqa: PLC0415
    from tui_batching.tui.views import view_parts  # noqa: PLC0415

    if path in bundled_workloads() and not is_there(path):
        expected = "a deck, which present and record --chapter take: a YAML file with chapters"
        raise InputError(f"{path}: found a workload, expected {expected}")
    return load_deck(None if path is None else Path(path), view_parts(), KEYS.signs())


def is_deck_file(named: str) -> bool:
    """Whether a user names a file with the chapters of a deck; one that cannot be read is none."""
    path = Path(named)
    if not is_there(named) or names_trace(path):
        return False
    try:
        return is_deck(read_text(path), path)
    except InputError:
        return False


def is_there(named: str) -> bool:
    """Whether a user names a file; what is too long for a name is none either."""
    return os.path.exists(named)  # noqa: PTH110 - Path.exists raises then


def chapter_number(deck: Deck, written: str | None) -> int:
    """The number, from zero, of the chapter that a user writes, from one; None is the first one.

    Raises:
        InputError: if the deck has no such chapter.
    """
    if written is None:
        return 0
    return Field.of_text(written, "--chapter").whole(1, len(deck.chapters)) - 1


def check_deck(deck: Deck, report: Reporter) -> None:
    """Simulate every chapter and compute the values in its texts; then say that all is well.

    Raises:
        InputError: if a chapter cannot be simulated, or an instant or a value in it is not there.
    """
    known: list[tuple[Workload, Comparison]] = []
    for number, chapter in enumerate(deck.chapters, start=1):
        report(f"chapter {number} of {len(deck.chapters)}: {chapter.title}")
        try:
            comparison = next((each for served, each in known if served == chapter.served), None)
            if comparison is None:
                comparison = compare(chapter.served)
                known.append((chapter.served, comparison))
            _check_instants(chapter, comparison)
            _check_values(chapter, comparison)
        except InputError as error:
            raise InputError(f"{deck.path}: chapter {number}: {error}") from None
    count = len(deck.talk)
    chapters = counted(count, "chapter")
    chapters += f" and {deck.backup} for questions" if deck.backup else ""
    minutes = f", {deck.minutes:g} min" if deck.minutes else ""
    print(f"{printable(str(deck.path))}: valid, a deck of {chapters}{minutes}")


def _check_instants(chapter: Chapter, comparison: Comparison) -> None:
    """Nothing begins or stops where the run is over; `end` always is there."""
    end = max(result.run.finished for result in comparison)
    run = f"the run, which ends at {format_duration(end)}"
    if chapter.loop is not None and chapter.loop[0] >= end:
        begin = format_duration(chapter.loop[0])
        raise InputError(f"loop: found a loop from {begin} on, expected one that begins in {run}")
    until = chapter.loop[1] if chapter.loop else chapter.until
    for key, instant in (("at", chapter.at), ("loop" if chapter.loop else "until", until)):
        if instant is not None and end < instant < HORIZON:
            found = format_duration(instant)
            raise InputError(f"{key}: found {found}, expected end, or an instant of {run}")


def _check_values(chapter: Chapter, comparison: Comparison) -> None:
    for text in (chapter.slide, *chapter.text, *chapter.then, *chapter.notes):
        for value in missing_values(text, comparison):
            raise InputError(f"found {value}, expected a value that is defined here")
