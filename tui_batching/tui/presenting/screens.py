"""What opens over a presentation: the list of its chapters, a question, and the black screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_batching.tour import Deck
from tui_batching.tui.bindings import Key, KeyTable
from tui_batching.tui.dialogs import Dialog

_WAYS = " · enter goes there · escape closes"
"""What can be done with the list of chapters."""
_BESIDE_A_TITLE = 4
"""Cells in the border of a box that a title leaves free."""


class PickChapter(Dialog[int | None]):
    """Gives the number of the chapter that was picked, from zero, or None.

    Args:
        deck: whose chapters.
        current: the number of the chapter that is told, or was told last.
        opened_by: a key that closes it, too.
    """

    DEFAULT_CSS = """
    PickChapter > Vertical { width: 72; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5", "dismiss", "Close", id="chapter.close", tooltip="Stay where we are."),
    ]

    def __init__(self, deck: Deck, current: int, opened_by: Key) -> None:
        super().__init__()
        self.close_with(opened_by)
        self._deck, self._current = deck, current

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical():
            yield OptionList(*self._options(), id="chapters")

    def on_mount(self) -> None:
        """Start at the chapter that is told, with those before and behind it in sight."""
        options = self.query_one(OptionList)
        options.highlighted = place = options.get_option_index(str(self._current))
        self.call_after_refresh(
            lambda: options.scroll_to(y=place - options.size.height // 2, animate=False)
        )

    def on_resize(self) -> None:
        """Say how to close it, whatever room that leaves to the title of the deck."""
        self.call_after_refresh(self._entitle)

    def _entitle(self) -> None:
        box, title = self.query_one(Vertical), self._deck.title
        room = box.size.width - _BESIDE_A_TITLE - cell_len(_WAYS)
        if cell_len(title) > room:
            title = f"{set_cell_size(title, room - 1).rstrip()}…"
        box.border_title = Text(f"{title}{_WAYS}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give its number."""
        self.dismiss(int(event.option_id or 0))

    def _options(self) -> Iterator[Option]:
        """The chapters, and before each section its name, which cannot be picked."""
        section = ""
        for number, chapter in enumerate(self._deck.chapters):
            if chapter.section != section:
                section = chapter.section
                yield Option(Text(section, style="bold"), disabled=True)
            minutes = f"   {chapter.minutes:g} min" if chapter.minutes else ""
            yield Option(Text(f"{number + 1:>3}  {chapter.title}{minutes}"), id=str(number))


class AskToLeave(Dialog[str | None]):
    """Asks whether to leave the tour; gives the action that is to be done, or None.

    Only Enter leaves. What clickers send closes the question, and what turns pages turns them.

    Args:
        keys: those of the screen, some of which go on with the tour.
        ascii_only: whether they are written in ASCII.
    """

    DEFAULT_CSS = """
    AskToLeave > Vertical { width: 48; padding: 0 1; }
    AskToLeave Static { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "dismiss('leave_tour')",
            "Leave",
            id="leave.leave",
            tooltip="Leave the tour; its place is kept.",
        ),
        Binding("escape,f5", "dismiss", "Stay", id="leave.stay", tooltip="Stay in the tour."),
        Binding(
            "pagedown",
            "dismiss('turn_pages(1)')",
            "Page on",
            id="leave.page",
            tooltip="Stay in the tour, and turn to the next chapter.",
        ),
        Binding(
            "pageup",
            "dismiss('turn_pages(-1)')",
            "Page back",
            id="leave.page-back",
            tooltip="Stay in the tour, and turn to the chapter before.",
        ),
        Binding(
            "full_stop,b",
            "dismiss('blacken')",
            "Black",
            id="leave.black",
            tooltip="Stay in the tour, and show a black screen.",
        ),
    ]

    def __init__(self, keys: KeyTable, *, ascii_only: bool = False) -> None:
        super().__init__()
        back = [keys.called(name) for name in ("tour", "tour-begin")]
        having_keys = [key for key in back if key.keys] or back[:1]
        signs = (key.written(ascii_only=ascii_only)[0] for key in having_keys)
        self._ways_back = " or ".join(signs)

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical() as box:
            box.border_title = "leave the tour?"
            yield Static(f"enter   leave; {self._ways_back} goes on from here", markup=False)
            yield Static("escape  stay", markup=False)


class BlackScreen(Screen[None]):
    """Black in every theme; any key and any click brings back what was there."""

    def on_key(self, event: events.Key) -> None:
        """Bring it back, whatever else the key is for."""
        event.stop()
        event.prevent_default()
        self.dismiss(None)

    def on_click(self) -> None:
        """Bring it back."""
        self.dismiss(None)
