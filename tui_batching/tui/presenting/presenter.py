"""Presenting a deck: which chapter is told, and its text beside what it shows."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from textual.message import Message

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Row, style
from tui_batching.errors import InputError
from tui_batching.tour import Chapter, Deck
from tui_batching.tour.presentation import (
    Presentation,
    presentation_file,
    remove_presentation,
    write_presentation,
)
from tui_batching.tui.frame import Frame, Snapshot
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.panes import StripView
from tui_batching.tui.presenting.chapter_text import ChapterText
from tui_batching.workload import Workload

WIDE = 110
"""From this many columns on, the text stands at the right of the view; otherwise above it."""
ROOMY = 30
"""From this many rows on there is a blank one between title and text above the view."""


def side_width(width: int) -> int:
    """How many columns of a wide screen the text takes; the view keeps at least 80."""
    return max(30, min(46, width - 86))


def snapshot_of(chapter: Chapter) -> Snapshot:
    """What a chapter shows."""
    return Snapshot(
        knobs=_knobs_of(chapter),
        view=chapter.view,
        time=chapter.at,
        speed=chapter.speed,
        playing=chapter.play,
        selected=chapter.select,
    )


def _knobs_of(chapter: Chapter) -> Knobs:
    """The workload of a chapter, as the parameter keys turn it from there."""
    return Knobs(chapter.workload, chapter.settings)


class Presenter(StripView):
    """Turns the chapters and shows their text. It tells by messages what else is to be shown."""

    DEFAULT_CSS = """
    Presenter { display: none; background: $panel; padding: 0 2; dock: top; width: 100%; }
    Presenter.-shown { display: block; }
    Presenter.-beside { dock: right; height: 100%; padding: 1 2; }
    """

    class Turned(Message):
        """Something else is to be shown.

        Attributes:
            snapshot: what.
            ahead: the knobs of what probably comes next, or None.
        """

        def __init__(self, snapshot: Snapshot, ahead: Knobs | None) -> None:
            super().__init__()
            self.snapshot = snapshot
            self.ahead = ahead

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self._deck: Deck | None = None
        self._number = 0
        self._before: Snapshot | None = None
        self._started = 0.0
        self._place_file: Path | None = None

    @property
    def is_on(self) -> bool:
        """Whether a chapter is being told."""
        return self._before is not None

    @property
    def deck(self) -> Deck | None:
        """The deck that was begun last."""
        return self._deck

    @property
    def chapter(self) -> Chapter | None:
        """The chapter that is being told."""
        return self._deck.chapters[self._number] if self._deck and self.is_on else None

    @property
    def selects(self) -> int | None:
        """The id of the request that the chapter selects."""
        return self.chapter.select if self.chapter else None

    def begin(
        self, deck: Deck, before: Snapshot, number: int = 0, *, tells_notes: bool = True
    ) -> None:
        """Tell a deck, from where it was left; else from the chapter of this number.

        Args:
            deck: what is told.
            before: what to give back afterwards.
            number: counted from zero.
            tells_notes: whether the speaker's notes may follow in another terminal.
        """
        if self._deck is not deck:
            self._deck, self._number, self._started = deck, number, time.time()
        self._before = before
        if tells_notes:
            try:
                self._place_file = presentation_file(deck.path)
            except InputError as error:
                self._tell_notes_are_off(error)
        self._ask()

    def turn(self, chapters: int) -> None:
        """Tell a later chapter, or an earlier one if negative; at the ends it stays."""
        if self._deck is not None and self.is_on:
            number = max(0, min(len(self._deck.chapters) - 1, self._number + chapters))
            if number != self._number:
                self._number = number
                self._ask()

    def leave(self) -> None:
        """End it, and give back what was shown before."""
        if self._before is not None:
            before, self._before = self._before, None
            self._forget_place()
            self.post_message(self.Turned(before, None))

    def say_where(self, *, black: bool = False) -> None:
        """Let the speaker's notes know."""
        if self._place_file is not None:
            place = Presentation(os.getpid(), self._number, self._started, black)
            try:
                write_presentation(self._place_file, place)
            except InputError as error:
                self._place_file = None
                self._tell_notes_are_off(error)

    def take_room(self, width: int, height: int, palette: Palette) -> int:
        """Take the room that the text needs on a screen; returns the rows left beside it."""
        chapter = self.chapter
        self.set_class(chapter is not None, "-shown")
        beside = width >= WIDE
        self.set_class(beside, "-beside")
        if chapter is None or beside:
            self.styles.width = side_width(width) if beside else "100%"
            self.styles.height = "100%"
            return height
        spaced = height >= ROOMY
        text = self._text(chapter, chapter.workload)
        rows = text.rows(width - 4, palette, spaced=spaced)
        self.styles.width, self.styles.height = "100%", len(rows) + spaced
        return height - len(rows) - spaced

    def show(self, frame: Frame) -> None:
        """Draw what has changed of the text: with blank rows where there is room for them."""
        width, height = self.content_size
        chapter = self.chapter
        if chapter is None or height < 1:
            return
        palette, text = frame.palette, self._text(chapter, frame.scene.workload)
        rows = text.rows(width, palette, spaced=True)
        if len(rows) > height:
            rows = text.rows(width, palette, spaced=False)
        if len(rows) > height:
            rows[height - 1 :] = [
                Row(width, style(palette.muted, palette.panel))
                .add("…", style(palette.muted, palette.panel))
                .cells()
            ]
        self.present(rows)

    def on_unmount(self) -> None:
        """Let the speaker's notes know that nobody presents any more."""
        self._forget_place()

    def _text(self, chapter: Chapter, workload: Workload) -> ChapterText:
        count = len(self._deck.chapters) if self._deck else 0
        return ChapterText(chapter, f"{self._number + 1}/{count}", workload)

    def _ask(self) -> None:
        """Ask for what the chapter shows, and say which one comes next."""
        if self._deck is not None:
            chapters, number = self._deck.chapters, self._number
            nearest = chapters[number + 1 : number + 2] or chapters[number - 1 : number]
            ahead = _knobs_of(nearest[0]) if nearest else None
            self.post_message(self.Turned(snapshot_of(chapters[number]), ahead))
            self.say_where()

    def _forget_place(self) -> None:
        file, self._place_file = self._place_file, None
        if file is not None:
            with suppress(InputError):  # the notes see by themselves that this process is gone
                remove_presentation(file)

    def _tell_notes_are_off(self, error: InputError) -> None:
        sentence = f"speaker notes cannot follow: {error}"
        self.notify(sentence, severity="warning", markup=False)
