"""Presenting a deck: which chapter is told, and its text beside what it shows."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from textual.message import Message

from tui_batching.analysis.scene import Scene
from tui_batching.charts.lane_view import ANSWER
from tui_batching.charts.palette import Palette
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.tour import Chapter, Deck
from tui_batching.tour.changes import changes
from tui_batching.tour.deck import brings_another_workload
from tui_batching.tour.presentation import (
    Presentation,
    presentation_file,
    remove_presentation,
    write_presentation,
)
from tui_batching.tour.values import told
from tui_batching.tui.frame import Snapshot
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.panes import StripView
from tui_batching.tui.presenting.chapter_text import ChapterText, Notes, panel_rows
from tui_batching.tui.presenting.slides import slide_rows
from tui_batching.workload import Workload

WIDE = 110
"""From this many columns on, the text stands at the right of the view; otherwise above it."""
ROOMY = 30
"""From this many rows on there is a blank one between title and text above the view."""

_FOR_THE_VIEW = 9
"""Rows that are not the text's, where it stands above the view."""
_AROUND = 6
"""Rows of the screen that are not the text's, where it stands beside the view."""


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
        focus=chapter.focus,
        until=chapter.until,
        loop=chapter.loop,
        show=chapter.show,
        bars=chapter.bars or ANSWER,
    )


def _knobs_of(chapter: Chapter) -> Knobs:
    """The workload of a chapter, as the parameter keys turn it from there."""
    return Knobs(chapter.workload, chapter.settings)


def text_for_room(
    chapter: Chapter,
    counter: str,
    scene: Scene | None,
    keys: Mapping[str, str],
    *,
    has_stopped: bool = False,
) -> ChapterText:
    """What the room reads of a chapter.

    Args:
        chapter: what is told.
        counter: which one it is, such as `3/15`.
        scene: what is on stage; None as long as that is not what the chapter asks for.
        keys: what the reader calls each key, by its id.
        has_stopped: whether the instant has come at which the chapter stops.
    """
    text, instead = chapter.text, chapter.then
    if has_stopped and chapter.then:
        text, instead = instead, text
    on_stage = None if scene is None else scene.comparison
    turned = [] if scene is None else changes(chapter.served, scene.workload)
    return ChapterText(
        title=chapter.title,
        counter=counter,
        paragraphs=tuple(told(each, on_stage, keys) for each in text),
        instead=tuple(told(each, on_stage, keys) for each in instead),
        table_of=_table_of(chapter, scene),
        words=chapter.table if isinstance(chapter.table, tuple) else (),
        lanes=tuple(strategy.name for strategy in chapter.served.strategies),
        remark=f"changed: {', '.join(turned)}" if turned else "",
        section=chapter.section,
        spoken=tuple(told(each, on_stage, keys) for each in chapter.spoken),
    )


def _table_of(chapter: Chapter, scene: Scene | None) -> Workload | None:
    """The workload of which a table is computed, where the chapter has such a table."""
    if chapter.table != "step_time":
        return None
    return scene.workload if scene else chapter.served


@dataclass
class _Watch:
    """How long the presentation has taken, in all and in each of its chapters."""

    started: float = 0.0
    turned: float = 0.0
    before: dict[int, float] = field(default_factory=dict)

    def turn(self, chapter: int, now: float) -> None:
        """A chapter begins, or goes on where it had been left."""
        self.turned = now - self.before.get(chapter, 0.0)

    def leave(self, chapter: int, now: float) -> None:
        """It is told no longer."""
        self.before[chapter] = now - self.turned


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

    def __init__(self, keys: Mapping[str, str], *, id: str) -> None:  # noqa: A002 - its name
        super().__init__(id=id)
        self._keys = keys
        self._deck: Deck | None = None
        self._number = 0
        self._before: Snapshot | None = None
        self._watch = _Watch()
        self._place_file: Path | None = None
        self._scene: Scene | None = None
        self._has_stopped = False
        self._refused = ""
        self._text: ChapterText | None = None
        self._seen: ChapterText | None = None
        self._notes = self._usual_notes = Notes.AWAY

    @property
    def is_on(self) -> bool:
        """Whether a chapter is being told."""
        return self._before is not None

    @property
    def deck(self) -> Deck | None:
        """The deck that was begun last."""
        return self._deck

    @property
    def number(self) -> int:
        """The number of the chapter that is being told, or was told last, from zero."""
        return self._number

    @property
    def chapter(self) -> Chapter | None:
        """The chapter that is being told."""
        return self._deck.chapters[self._number] if self._deck and self.is_on else None

    @property
    def brings_another_workload(self) -> bool:
        """Whether requests or costs are others than in the chapter before; the title marks them."""
        return bool(self._deck and self.is_on and brings_another_workload(self._deck, self._number))

    @property
    def shows_slide(self) -> bool:
        """Whether a slide is shown in place of the stage."""
        return bool(self.chapter and self.chapter.slide)

    def begin(
        self,
        deck: Deck,
        before: Snapshot,
        number: int | None = None,
        *,
        tells_notes: bool = True,
        notes: Notes = Notes.AWAY,
    ) -> None:
        """Tell a deck.

        Args:
            deck: what is told.
            before: what to give back afterwards.
            number: the chapter to begin with, from zero; by default where the deck was left.
            tells_notes: whether the speaker's notes may follow in another terminal.
            notes: when they are shown below the text, unless a key says otherwise.
        """
        now = time.time()
        self._notes = self._usual_notes = notes
        if self._deck is not deck:
            self._deck, self._number, self._watch = deck, 0, _Watch(started=now)
        self._before = before
        if tells_notes:
            try:
                self._place_file = presentation_file(deck.path)
            except InputError as error:
                self._tell_notes_are_off(error)
        self._number = self._number if number is None else number
        self._watch.turn(self._number, now)
        self._ask()

    def turn(self, chapters: int) -> None:
        """Tell a later chapter, or an earlier one if negative; at the ends it stays."""
        if self._deck is not None:
            self.jump(self._deck.turned(self._number, chapters))

    def jump(self, number: int) -> None:
        """Tell the chapter of this number, from zero, unless it is being told."""
        if self.is_on and number != self._number:
            now = time.time()
            self._watch.leave(self._number, now)
            self._number = number
            self._watch.turn(number, now)
            self._ask()

    def leave(self) -> None:
        """End it, and give back what was shown before."""
        if self._before is not None:
            self._watch.leave(self._number, time.time())
            before, self._before = self._before, None
            self._forget_place()
            self.post_message(self.Turned(before, None))

    def say_where(self, *, black: bool = False) -> None:
        """Let the speaker's notes know."""
        if self._place_file is not None:
            watch = self._watch
            place = Presentation(os.getpid(), self._number, watch.started, watch.turned, black)
            try:
                write_presentation(self._place_file, place)
            except InputError as error:
                self._place_file = None
                self._tell_notes_are_off(error)

    def look_at(self, scene: Scene | None, instant: Picoseconds) -> None:
        """Tell from now on of this scene at this instant.

        Args:
            scene: None where what the chapter asks for is not there.
            instant: that of the playhead.
        """
        if scene is not self._scene:
            self._scene, self._text = scene, None
            self._refused = ""
        until = self.chapter.until if self.chapter else None
        has_stopped = scene is not None and until is not None and instant >= min(until, scene.end)
        if has_stopped is not self._has_stopped:
            self._has_stopped, self._text = has_stopped, None

    def toggle_notes(self) -> None:
        """Show what a speaker says of this chapter; or if that is seen, none of it any more."""
        is_seen = self._seen is not None and bool(self._seen.spoken)
        self._notes = Notes.AWAY if is_seen else Notes.ASKED

    def refuse(self, reason: str) -> None:
        """Say why what the chapter asks for cannot be shown."""
        self._refused, self._text = reason, None

    def take_room(self, width: int, height: int, palette: Palette) -> int:
        """Take the room that the text needs on a screen; returns the rows left beside it."""
        text = self._told()
        self.set_class(text is not None, "-shown")
        beside = (
            width >= WIDE and not self.shows_slide and self._fits_beside(width, height, palette)
        )
        self.set_class(beside, "-beside")
        if text is None or beside or self.shows_slide:
            self.styles.width = side_width(width) if beside else "100%"
            self.styles.height = "100%"
            return height
        spaced, asked = height >= ROOMY, self._notes is Notes.ASKED
        variants = [each for each in self._variants(text) if asked or not each.spoken]
        tall = [len(each.rows(width - 4, palette, spaced=spaced)) + spaced for each in variants]
        most = height * 2 // 5 if asked else height // 3
        taken = min(next((rows for rows in tall if rows <= most), tall[-1]), height - _FOR_THE_VIEW)
        self.styles.width, self.styles.height = "100%", taken
        return height - taken

    def _fits_beside(self, width: int, height: int, palette: Palette) -> bool:
        """Whether notes that are asked for can be read beside the view; if not, they go above."""
        text = self._told()
        if text is None or self._notes is not Notes.ASKED:
            return True
        shortest = self._variants(text)[-1].rows(side_width(width) - 4, palette, spaced=False)
        return len(shortest) <= height - _AROUND

    def show(self, palette: Palette) -> None:
        """Draw what has changed of the text: with blank rows where there is room for them."""
        width, height = self.content_size
        chapter, text = self.chapter, self._told()
        if chapter is None or text is None or height < 1:
            return
        texts = self._variants(text)
        if chapter.slide:
            on_stage = self._scene.comparison if self._scene else None
            words = told(chapter.slide, on_stage, self._keys)
            self._seen, rows = slide_rows(words, texts, width, height, palette)
        else:
            self._seen, rows = panel_rows(texts, width, height, palette)
        self.present(rows)

    def on_unmount(self) -> None:
        """Let the speaker's notes know that nobody presents any more."""
        self._forget_place()

    def _variants(self, text: ChapterText) -> tuple[ChapterText, ...]:
        """What may be shown of a text, the fullest first.

        The notes of a chapter that has another text in the end tell of that end: unless somebody
        asks for them, they wait for it.
        """
        too_early = bool(text.instead) and not self._has_stopped
        wait = too_early and self._notes is Notes.WHERE_BOTH_FIT
        return text.variants(Notes.AWAY if wait else self._notes, slide=self.shows_slide)

    def _told(self) -> ChapterText | None:
        """The text of the chapter; made once for what is on stage."""
        chapter = self.chapter
        if chapter is not None and self._deck is not None and self._text is None:
            counter = self._deck.counter(self._number)
            text = text_for_room(
                chapter, counter, self._scene, self._keys, has_stopped=self._has_stopped
            )
            refused = f"cannot be shown: {self._refused}" if self._refused else text.remark
            self._text = replace(text, remark=refused)
        return self._text if chapter is not None else None

    def _ask(self) -> None:
        """Ask for what the chapter shows, and say which one comes next."""
        if self._deck is not None:
            chapters, number = self._deck.chapters, self._number
            nearest = chapters[number + 1 : number + 2] or chapters[number - 1 : number]
            ahead = _knobs_of(nearest[0]) if nearest else None
            self._notes = self._usual_notes if self._notes is Notes.ASKED else self._notes
            self._scene, self._text, self._seen, self._refused = None, None, None, ""
            self._has_stopped = False
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
