"""A cue: all that comes on stage at once."""

from __future__ import annotations

from dataclasses import dataclass

from tui_batching.clock import Picoseconds
from tui_batching.tour import Chapter
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.views import VIEWS


@dataclass(frozen=True)
class Cue:
    """What a chapter puts on stage, or what was there before it.

    Attributes:
        knobs: the workload and its settings.
        view: the key of the view.
        time: of the playhead.
        speed: simulated seconds a second.
        playing: whether it plays.
        selected: the id of the selected request, or None.
    """

    knobs: Knobs
    view: str
    time: Picoseconds
    speed: float
    playing: bool
    selected: int | None


def cue_of(chapter: Chapter) -> Cue:
    """What a chapter puts on stage."""
    keys = {view.name_in_decks(): view.key for view in VIEWS}
    return Cue(
        knobs=knobs_of(chapter),
        view=keys[chapter.view],
        time=chapter.at,
        speed=chapter.speed,
        playing=chapter.play,
        selected=chapter.select,
    )


def knobs_of(chapter: Chapter) -> Knobs:
    """The workload of a chapter, as the parameter keys turn it from there."""
    return Knobs(chapter.workload, chapter.settings)


def view_names() -> list[str]:
    """The names that the chapters of a deck may give as their view."""
    return [view.name_in_decks() for view in VIEWS]
