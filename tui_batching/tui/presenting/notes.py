"""The speaker's notes: an app of its own for a second terminal, which follows the presentation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.tour import Chapter, Deck
from tui_batching.tour.presentation import Presentation, presentation_file, read_presentation
from tui_batching.tour.values import told
from tui_batching.tui.background import aside
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.keymap import keys_of
from tui_batching.tui.terminal_app import TerminalApp
from tui_batching.tui.textual_internals import EndsWorkFirst

LOOKS_PER_SECOND = 4


class NotesApp(TerminalApp):
    """Shows the notes of the chapter that is being presented.

    Args:
        deck: what is presented, read from the same file.
        config: what the user prefers.
        wall: the time of day, in seconds since 1970.
        drawing: whether it does with few colours.

    Raises:
        InputError: where this user has no folder to meet the presenting app in, or if the keymap
            does not fit the table of keys.
    """

    TITLE = "tui-batching: notes"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="notes.quit", tooltip="Close the notes."),
        Binding("ctrl+z", "suspend_process", "Suspend", id="notes.suspend", show=False),
        Binding("t", "next_theme", "Theme", id="notes.theme", tooltip="Change the colours."),
    ]

    def __init__(
        self,
        deck: Deck,
        config: Config | None = None,
        wall: Callable[[], float] = time.time,
        drawing: DrawingOptions = LOCAL,
    ) -> None:
        super().__init__(config, drawing)
        keys = keys_of(self.config.keys).signs(ascii_only=drawing.ascii)
        self._notes = NotesScreen(deck, wall, keys)

    def get_default_screen(self) -> Screen[None]:
        """The notes."""
        return self._notes


class NotesScreen(EndsWorkFirst, Screen[None]):
    """Looks where the presentation is, a few times a second, and shows that chapter's notes.

    Values in them are those of the chapter as the deck has it. They are computed when it is told;
    until then there are ellipses in their place. Keys are those of the config file, which the
    presenting app reads, too.

    Its timer is its own and not the app's, which would go on when its widgets have gone.
    """

    DEFAULT_CSS = """
    NotesScreen { background: $background; color: $foreground; }
    NotesScreen #head { height: 1; background: $panel; padding: 0 2; }
    NotesScreen #time { height: 1; background: $panel; padding: 0 2; text-style: bold; }
    NotesScreen #warning { height: auto; background: $panel; color: $warning; padding: 0 2; }
    NotesScreen #warning.-empty { display: none; }
    NotesScreen VerticalScroll { height: 1fr; padding: 1 4; }
    NotesScreen #title { text-style: bold; color: $accent; padding: 0 0 1 0; }
    NotesScreen #notes { padding: 0 0 1 0; }
    NotesScreen #next { height: auto; padding: 0 4 1 4; color: $muted; }
    NotesScreen #keys { height: 1; background: $panel; color: $muted; padding: 0 2; }
    """

    def __init__(self, deck: Deck, wall: Callable[[], float], keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys
        self._deck = deck
        self._wall = wall
        self._file: Path = presentation_file(deck.path)
        self._served: dict[int, Comparison | None] = {}
        self._last: tuple[Presentation, float] | None = None

    def compose(self) -> ComposeResult:
        """Where we are, the notes, and what comes next."""
        yield Static(id="head", markup=False)
        yield Static(id="time", markup=False)
        yield Static(id="warning", markup=False)
        with VerticalScroll():
            yield Static(id="title", markup=False)
            yield Static(id="notes", markup=False)
        yield Static(id="next", markup=False)
        yield Static("q closes the notes   t changes the colours", id="keys", markup=False)

    def on_mount(self) -> None:
        """Look now, and then a few times a second."""
        self.query_one(VerticalScroll).focus()
        self._look()
        self.set_interval(1 / LOOKS_PER_SECOND, self._look)

    def _look(self) -> None:
        """See where the presentation is, and show it."""
        try:
            place = read_presentation(self._file)
        except InputError as error:
            self._show_warning(str(error))
            return
        if place is not None:
            self._last = place, self._wall()
            self._follow(place)
        elif self._last is not None:
            self._tell_end(*self._last)
        else:
            self._wait("Nothing is presented now", self._planned)

    def _wait(self, title: str, times: str, said: str = "") -> None:
        self._show_warning("")
        self._show("head", self._deck.title)
        self._show("time", f"{self._time_of_day}   {times}".rstrip())
        self._show("title", title)
        waits = "The notes appear here when this deck is presented in another terminal."
        self._show("notes", f"{said}\n\n{waits}".lstrip())
        self._show("next", f"first: {self._deck.chapters[0].title}")

    def _tell_end(self, place: Presentation, end: float) -> None:
        """Where the presentation that was followed was last seen, and how long it took."""
        number = self._number(place)
        where = f"{self._deck.counter(number)}, {self._deck.chapters[number].title}"
        took = _against(end - place.started, 60 * self._deck.minutes)
        stop = "" if where.endswith(("?", "!", ".", "…")) else "."  # a title may end a sentence
        told = f"It ended at chapter {where}{stop}"
        self._wait("The presentation has ended", f"in all {took}", told)

    def _follow(self, place: Presentation) -> None:
        number = self._number(place)
        chapter = self._deck.chapters[number]
        section = f"   {chapter.section}" if chapter.section else ""
        self._serve(number)
        self._show_warning(self._warning(place))
        self._show("head", f"{self._deck.title}   {self._deck.counter(number)}{section}")
        self._show("time", f"{self._time_of_day}   {self._times(place, number)}")
        self._show("title", chapter.title)
        notes = [self._told(note, number) for note in chapter.notes]
        self._show("notes", "\n\n".join(notes or ("There are no notes for this chapter.",)))
        self._show("next", self._next(number + 1))

    def _number(self, place: Presentation) -> int:
        """Which of our chapters it is at; the deck that is presented may have more by now."""
        return min(place.chapter, len(self._deck.chapters) - 1)

    @property
    def _time_of_day(self) -> str:
        return time.strftime("%H:%M", time.localtime(self._wall()))

    @property
    def _planned(self) -> str:
        """How long the whole deck is meant to take."""
        return f"{clock_text(self._deck.minutes * 60)} planned" if self._deck.minutes else ""

    def _times(self, place: Presentation, number: int) -> str:
        """The time in this chapter and in all, each against its target, and how that compares."""
        deck, now = self._deck, self._wall()
        here, in_all = now - place.turned, now - place.started
        told_before = sum(60 * (chapter.minutes or 0) for chapter in deck.talk[:number])
        target = 60 * (deck.chapters[number].minutes or 0)
        parts = [
            f"this chapter {_against(here, target)}",
            f"in all {_against(in_all, 60 * deck.minutes)}",
        ]
        if deck.minutes and number < len(deck.talk):
            late = int(in_all) - int(told_before + min(here, target))
            parts.append(f"{clock_text(abs(late))} {'late' if late > 0 else 'to spare'}")
        return "   ".join(parts)

    def _next(self, number: int) -> str:
        """What comes next, and how it begins."""
        if number == len(self._deck.chapters):
            return "This is the last chapter."
        if number == len(self._deck.talk):
            lists = f"{self._keys['chapters']} lists {self._deck.backup} more, for questions"
            return f"The talk ends here; {lists}."
        chapter = self._deck.chapters[number]
        first = self._told((*chapter.text, chapter.slide)[0], number)
        return f"next: {chapter.title}\n{first}"

    def _told(self, text: str, number: int) -> str:
        """A text of a chapter with its values, and with the keys of the presenting app."""
        return told(text, self._served.get(number), self._keys)

    def _serve(self, number: int) -> None:
        """Compute the values of a chapter's notes, and of the beginning of the next one."""
        for each in range(number, min(number + 2, len(self._deck.chapters))):
            chapter = self._deck.chapters[each]
            texts = (*chapter.notes, *chapter.text, chapter.slide)
            if each not in self._served and any("{" in text for text in texts):
                self._served[each] = None
                self.run_worker(self._compare(each, chapter), group="serve")

    async def _compare(self, number: int, chapter: Chapter) -> None:
        with suppress(InputError, MemoryError):  # the presenting app tells of them
            self._served[number] = await aside(compare, chapter.served)

    def _warning(self, place: Presentation) -> str:
        """What the speaker should know beyond the chapter."""
        if not place.is_live:
            return f"The presentation is gone: its process {place.process} has ended."
        if place.chapter >= len(self._deck.chapters):
            return "The deck that is presented has more chapters: start these notes again."
        return "The screen is black: press any key there." if place.black else ""

    def _show_warning(self, text: str) -> None:
        self._show("warning", text)
        self.query_one("#warning").set_class(not text, "-empty")

    def _show(self, part: str, text: str) -> None:
        """Say something in one of the parts, unless it is said there already."""
        widget = self.query_one(f"#{part}", Static)
        if str(widget.content) != text:
            widget.update(Text(text))


def _against(seconds: float, target: float) -> str:
    """A time, and how long it was meant to be: `1:40 of 1:30, over`."""
    if not target:
        return clock_text(seconds)
    over = ", over" if int(seconds) > target else ""
    return f"{clock_text(seconds)} of {clock_text(target)}{over}"


def clock_text(seconds: float) -> str:
    """Minutes and seconds since the start: `4:05`, `1:02:03`."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def run_notes(deck: Deck, config: Config, drawing: DrawingOptions) -> int:
    """Follow the presentation of a deck; returns the exit code.

    Raises:
        InputError: as NotesApp does.
    """
    return NotesApp(deck, config, drawing=drawing).run_to_exit()
