"""What a view is, and what some views can do beyond that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

from tui_batching.analysis.sweeps import Kind
from tui_batching.charts.pen import add_with_signs
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.tui.frame import Frame
from tui_batching.tui.lane import Lanes
from tui_batching.tui.panes import Stacked
from tui_batching.workload.model import Workload

WHOLE_RUN = "whole run"
"""Before the hint of what goes by all that happens, however far the playhead is."""


class View(Stacked):
    """One way of looking at the Runs. Only the view that is seen is asked to show.

    Attributes:
        key: the digit that opens it; empty where all ten are taken.
        title: what its tab is called, and what it is called where there is little room.
        hint: in one line, what to see in it.
        briefly: the same where there is less room, in fewer and fewer words.
        has_playhead: whether it shows what is at an instant, or only whole Runs.
        of_whole_run: whether it tells what comes of it all, however far the playhead is.
        parts: what a chapter of a deck can have it show alone; none if it is always shown whole.
        has_panels: whether each strategy has a lane or a panel of its own, one of which can be
            bright while the others are dim.
        bars: what its bars can tell, one thing or another; none if that is always the same.
    """

    key: ClassVar[str] = ""
    title: ClassVar[tuple[str, str]]
    hint: ClassVar[str]
    briefly: ClassVar[tuple[str, ...]] = ()
    has_playhead: ClassVar[bool] = False
    of_whole_run: ClassVar[bool] = False
    parts: ClassVar[tuple[str, ...]] = ()
    has_panels: ClassVar[bool] = False
    bars: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def named(cls) -> str:
        """The name by which decks and keys ask for the view: its title, such as `batch-size`."""
        return cls.title[0].lower().replace(" ", "-")

    def can(self, action: str) -> bool:
        """Whether an action of a key makes sense here; most do everywhere."""
        needed = _NEEDED.get(action)
        return needed is None or isinstance(self, needed)

    def hint_row(self, frame: Frame, width: int) -> Cells:
        """The hint as a row of the view, with the key of what comes next, if there is room."""
        palette, key = frame.palette, frame.keys_told.get("quantity")
        muted, ground = style(palette.muted, palette.background), palette.background
        of_what = [WHOLE_RUN] if self.tells_whole_run else []
        words = [": ".join(filter(None, (*of_what, each))) for each in self.hint_wordings]
        turning = [f"{each} ({key}: {self.turns_to})" for each in words]
        told = first_that_fits([*(turning if key and self.turns_to else []), *words, ""], width)
        return add_with_signs(Row(width, muted), told, muted, palette, ground).cells()

    @property
    def tells_whole_run(self) -> bool:
        """Whether what is shown now tells what comes of it all."""
        return self.of_whole_run

    @property
    def hint_wordings(self) -> Sequence[str]:
        """The hint of what is shown now, the fullest wording first."""
        return self.hint, *self.briefly

    @property
    def turns_to(self) -> str:
        """What the key of quantities shows next; empty where hints do not tell of it."""
        return ""

    def follow(self, *, reveals: bool) -> None:
        """Show what is around the playhead again, where something else was looked at.

        Args:
            reveals: whether the selected request is to be seen as well.
        """

    @property
    def has_room(self) -> bool:
        """Whether it is laid out; one that comes to the front is so a moment later, and asks."""
        return self.size.area > 0

    def look_at(self, frame: Frame) -> None:
        """Know what is to be shown: keys act on it also before there is room to draw it."""

    def show(self, frame: Frame) -> None:
        """Draw what has to move smoothly; called up to ten times a second, where there is room."""

    def show_words(self, frame: Frame) -> None:
        """Draw what has to be read in peace; called up to three times a second, as above."""


@runtime_checkable
class Zooms(Protocol):
    """A view of a stretch of time, which can be shorter, and earlier or later."""

    def zoom(self, notches: int) -> None:
        """Show half the time a notch, or twice the time if negative."""
        ...

    def pan(self, notches: int) -> None:
        """Show a later stretch, or an earlier one if negative."""
        ...


@runtime_checkable
class Scrolls(Protocol):
    """A view of more rows than fit."""

    def scroll_pages(self, pages: int) -> None:
        """Show rows further down, or up if negative."""
        ...


@runtime_checkable
class Switches(Protocol):
    """A view of one quantity out of several."""

    def next_quantity(self) -> None:
        """Show the next quantity."""
        ...


@runtime_checkable
class ShowsSweep(Protocol):
    """A view of a sweep, which is made while the view is seen.

    Attributes:
        sweep_kind: what is varied in it.
    """

    sweep_kind: Kind

    def sweep_of(self, workload: Workload) -> Kind:
        """What is varied of this workload."""
        ...


@runtime_checkable
class HasLanes(Protocol):
    """A view of lanes, one of which may have the focus.

    Attributes:
        lanes: one for each strategy.
    """

    lanes: Lanes


_NEEDED: dict[str, type] = {
    "zoom": Zooms,
    "pan": Zooms,
    "scroll_pages": Scrolls,
    "turn_pages": Scrolls,
    "next_quantity": Switches,
    "focus_lane": HasLanes,
}
"""What a view needs for an action."""
