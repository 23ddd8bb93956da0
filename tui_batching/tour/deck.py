"""A deck: the chapters that tell a story, each with what is to be on stage meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from tui_batching.clock import Picoseconds
from tui_batching.workload import Workload

TableName: TypeAlias = Literal["step_time"]


@dataclass(frozen=True)
class Chapter:
    """One chapter: what is told, and what is on stage beside it.

    Attributes:
        title: what it is called.
        text: what the room reads, a few short paragraphs.
        workload: as its file has it; chapters of the same file share it.
        view: the name of the view, such as `gantt`.
        notes: what only the speaker reads.
        settings: `--set` keys and values, in their order.
        at: the instant at which it begins; beyond the end it is the end.
        speed: simulated seconds a second.
        play: whether it plays at once.
        select: the id of the request that is selected, or None.
        table: what is computed and shown below the text, or None.
    """

    title: str
    text: tuple[str, ...]
    workload: Workload
    view: str
    notes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    at: Picoseconds = 0
    speed: float = 0.5
    play: bool = False
    select: int | None = None
    table: TableName | None = None


@dataclass(frozen=True)
class Deck:
    """A deck.

    Attributes:
        title: what it is called.
        chapters: in order, at least one.
        path: the file it was read from.
    """

    title: str
    chapters: tuple[Chapter, ...]
    path: Path
