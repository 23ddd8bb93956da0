"""A screen on which decks are presented: what each key does that has to do with that."""

from __future__ import annotations

from textual.screen import Screen

from tui_batching.charts.palette import Palette
from tui_batching.tour import Deck, load_deck
from tui_batching.tui.bindings import KeyTable
from tui_batching.tui.frame import Snapshot
from tui_batching.tui.presenting.chapter_text import Notes
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.presenting.screens import AskToLeave, BlackScreen, PickChapter
from tui_batching.tui.textual_internals import EndsWorkFirst
from tui_batching.tui.views import view_parts

_ON_SLIDES = {
    "turn_pages", "pick_chapter", "leave_tour", "present", "unselect", "blacken",
    "tick_or_blacken", "help", "glossary",
}  # fmt: skip
"""The actions that make sense while a slide hides the stage, beside those of the app."""
_IN_TALKS = {"blacken", "leave_tour"}
"""The actions that make sense only while a deck is presented."""


class PresentingScreen(EndsWorkFirst, Screen[None], inherit_bindings=False):
    """Whoever extends it has the stage, and tells what is on it.

    Attributes:
        keys: every key, as the user's keymap has it.
        key_signs: what a reader calls each of them, by its id.
        deck: what is presented from the start, or None.
        chapter: the number of the chapter that it begins with, from zero.
        tells_notes: whether the speaker's notes may follow it in another terminal.
        presenter: turns the chapters and shows their text.
    """

    def __init__(self, keys: KeyTable, *, ascii_only: bool) -> None:
        super().__init__()
        self.keys = keys
        self.key_signs = keys.signs(ascii_only=ascii_only)
        self._ascii_only = ascii_only
        self.deck: Deck | None = None
        self.chapter = 0
        self.tells_notes = True
        self.presenter = Presenter(self.key_signs, id="presenter")

    @property
    def snapshot(self) -> Snapshot:
        """What is on stage now."""
        raise NotImplementedError

    def action_toggle_play(self) -> None:
        """Play or pause."""
        raise NotImplementedError

    def action_tick(self, count: int) -> None:
        """Go `count` ticks of simulated time."""
        raise NotImplementedError

    def action_scroll_pages(self, pages: int) -> None:
        """Show other rows."""
        raise NotImplementedError

    def redraw_text(self) -> None:
        """Draw anew, as the text of the chapter needs more or less room than before."""
        raise NotImplementedError

    def share_room(self, palette: Palette) -> None:
        """Give the text of a chapter the room that it needs."""
        width, height = self.size
        self.presenter.take_room(width, height, palette)
        self.set_class(self.presenter.shows_slide, "-slide")

    def talk_allows(self, name: str) -> bool | None:
        """Whether the action of this name makes sense here; None where only the view can tell."""
        if name == "toggle_notes":
            return bool(self.presenter.chapter and self.presenter.chapter.spoken)
        if self.presenter.shows_slide and not name.startswith("app."):
            return name in _ON_SLIDES
        if name in _IN_TALKS or name == "begin_tour":
            return self.presenter.is_on == (name in _IN_TALKS)
        return True if self.presenter.is_on and name == "turn_pages" else None

    def action_present(self) -> None:
        """Begin the tour, or leave it."""
        if self.presenter.is_on:
            self.presenter.leave()
        else:
            self.action_begin_tour()

    def action_begin_tour(self) -> None:
        """Begin the tour, or go on where it was left."""
        self._begin(None)

    def action_leave_tour(self) -> None:
        self.presenter.leave()

    async def ask_to_leave(self) -> None:
        """Leave the tour if the speaker says so."""
        await self.app.push_screen(
            AskToLeave(self.keys, ascii_only=self._ascii_only), self._take_answer
        )

    async def _take_answer(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)

    async def action_pick_chapter(self) -> None:
        """Go on at the chapter that is picked, or begin there."""
        dialog = PickChapter(self._next_deck(), self.presenter.number, self.keys.called("chapters"))
        await self.app.push_screen(dialog, self._take_chapter)

    def _take_chapter(self, number: int | None) -> None:
        if number is not None and self.presenter.is_on:
            self.presenter.jump(number)
        elif number is not None:
            self._begin(number)

    def _begin(self, number: int | None) -> None:
        """Tell the deck from a chapter on; whoever takes the tour by themselves reads the notes."""
        notes = Notes.WHERE_BOTH_FIT if self.deck is None else Notes.AWAY
        self.presenter.begin(self._next_deck(), self.snapshot, number, notes=notes)

    def action_toggle_notes(self) -> None:
        """Show what a speaker says, or if that is seen, no longer."""
        self.presenter.toggle_notes()
        self.redraw_text()

    def _next_deck(self) -> Deck:
        """What is presented, or would be."""
        return self.presenter.deck or load_deck(None, view_parts(), self.key_signs)

    def action_turn_pages(self, pages: int) -> None:
        """Turn to another chapter while a deck is presented, else show other rows."""
        if self.presenter.is_on:
            self.presenter.turn(pages)
        else:
            self.action_scroll_pages(pages)

    def action_tick_or_blacken(self) -> None:
        """Go on one tick; while a deck is presented do what clickers mean by this key."""
        if self.presenter.is_on:
            self.action_blacken()
        else:
            self.action_tick(1)

    def action_blacken(self) -> None:
        """Show nothing, and let no simulated time pass meanwhile."""
        playing = self.snapshot.playing
        if playing:
            self.action_toggle_play()

        def light(_: None) -> None:
            if playing:
                self.action_toggle_play()
            self.presenter.say_where()

        self.presenter.say_where(black=True)
        self.app.push_screen(BlackScreen(), light)
