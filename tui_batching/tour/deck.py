"""A deck: the chapters that tell a story, what is on stage meanwhile, and how its file is read.

The format is told at the top of `batching.yaml` beside this module, the deck of the bundled tour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import resources
from pathlib import Path
from typing import Literal, TypeAlias

from tui_batching.clock import HORIZON, SECOND, Picoseconds
from tui_batching.errors import did_you_mean, nearest_to, one_of
from tui_batching.printable import name_of
from tui_batching.reading.fields import Field, Record, read_yaml
from tui_batching.reading.files import read_text
from tui_batching.tour.values import check_values
from tui_batching.workload import (
    Workload,
    apply_settings,
    bundled_workloads,
    choose_strategies,
    load_workload,
)
from tui_batching.workload.settings import change, keys_elsewhere, setting_keys

FASTEST = 2**18
"""The highest speed of a chapter, in simulated seconds a second; the app's own."""

MOST_CHAPTERS = 500
"""In a deck; nobody presents more."""

_BATCH_SIZES = (1, 4, 16, 64, 256)
_KEYS = ("title", "chapters", "backup")
_CHAPTER_KEYS = (
    "title", "section", "slide", "text", "then", "notes", "minutes", "workload", "strategies",
    "set", "view", "show", "bars", "at", "until", "loop", "speed", "play", "select", "focus",
    "table",
)  # fmt: skip
_FEW_PARTS = 6
"""So many parts of a view are all named where another one is asked for."""
_MOST_ROWS, _MOST_COLUMNS, _LONGEST_CELL = 12, 6, 30
"""Of a table of words."""
_LONGEST_TITLE = 40
_LONGEST_SLIDE = 60
_MOST_MINUTES = 600
_LONGEST_TEXT = 160
_LONGEST_NOTE = 1000
_CUE = re.compile(r"\s*\[[^\]]*\]")

TableName: TypeAlias = Literal["step_time"]
"""The tables that are computed for a chapter."""
WordTable: TypeAlias = tuple[tuple[str, ...], ...]
"""A table of a chapter's own words: rows of as many cells each, the first of which is the head."""


@dataclass(frozen=True)
class ViewParts:
    """What a chapter can ask of a view.

    Attributes:
        alone: the names of the parts that can be shown alone; none if it is always shown whole.
        has_panels: whether each strategy has a lane or a panel, one of which can have the focus.
        bars: what its bars can tell; none if that is always the same.
    """

    alone: tuple[str, ...] = ()
    has_panels: bool = False
    bars: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """One chapter: what is told, and what is on stage beside it.

    Attributes:
        title: what it is called.
        text: what the room reads, a few short paragraphs.
        then: what it reads in place of them from the instant on at which it stops; empty if the
            text stays.
        workload: as its file has it, but served by the strategies that the chapter names.
        as_in_file: the workload with its own strategies, from which a later chapter chooses.
        view: the name of the view, such as `gantt`.
        show: the parts of the view that are shown; empty if all are.
        bars: what the bars of the view tell; empty for what they tell as a rule.
        section: the part of the deck that it belongs to; empty before the first one.
        slide: big words in place of the stage; empty where the stage is shown.
        notes: what the speaker reads; in brackets what to do, beside what to say.
        minutes: how long the speaker wants to take, or None.
        settings: `--set` keys and values, in their order.
        at: the instant at which it begins; beyond the end it is the end.
        until: the instant at which it stops when it plays, or None.
        loop: a stretch that plays again and again, or None.
        speed: simulated seconds a second.
        play: whether it plays at once.
        select: the id of the request that is selected, or None.
        focus: the strategy whose lane is bright while the others are dim, or None.
        table: what is shown below the text: computed, or the chapter's own words; or None.
    """

    title: str
    text: tuple[str, ...]
    workload: Workload
    as_in_file: Workload
    view: str
    show: tuple[str, ...] = ()
    bars: str = ""
    section: str = ""
    slide: str = ""
    then: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    minutes: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    at: Picoseconds = 0
    until: Picoseconds | None = None
    loop: tuple[Picoseconds, Picoseconds] | None = None
    speed: float = 0.5
    play: bool = False
    select: int | None = None
    focus: str | None = None
    table: TableName | WordTable | None = None

    @cached_property
    def served(self) -> Workload:
        """The workload with the settings applied: what is on stage when the chapter begins."""
        return apply_settings(
            self.workload, [f"{key}={value}" for key, value in self.settings.items()]
        )

    @property
    def is_still(self) -> bool:
        """Whether it is one picture: it neither plays at once nor says how far it plays."""
        return not self.play and self.until is None and self.loop is None

    @property
    def spoken(self) -> tuple[str, ...]:
        """The notes without what stands in brackets.

        Example: `Why? [Ask the room.] Because they wait.` becomes `Why? Because they wait.`
        """
        without = (_CUE.sub("", note).strip() for note in self.notes)
        return tuple(filter(None, without))


@dataclass(frozen=True)
class Deck:
    """A deck.

    Attributes:
        title: what it is called.
        chapters: in order, at least one; behind those of the talk those that are kept for
            questions.
        path: the file it was read from.
        backup: how many of the chapters are kept for questions: turning on from the talk does not
            come to them.
    """

    title: str
    chapters: tuple[Chapter, ...]
    path: Path
    backup: int = 0

    @property
    def talk(self) -> tuple[Chapter, ...]:
        """The chapters that are told one after the other."""
        return self.chapters[: len(self.chapters) - self.backup]

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of its parts, in order; none if no chapter names one."""
        return tuple(dict.fromkeys(each.section for each in self.chapters if each.section))

    @property
    def minutes(self) -> float:
        """How long the speaker wants to take for all chapters of the talk that say so."""
        return sum(chapter.minutes or 0 for chapter in self.talk)

    def counter(self, number: int) -> str:
        """Which chapter this is: `3/15`, or `16` behind the fifteen of the talk."""
        return f"{number + 1}/{len(self.talk)}" if number < len(self.talk) else f"{number + 1}"

    def turned(self, number: int, chapters: int) -> int:
        """The chapter that one comes to by turning so many from this one; it stays at the ends.

        The talk ends with its last chapter. From those behind it one comes back to it.
        """
        end = len(self.talk) if number < len(self.talk) else len(self.chapters)
        return max(0, min(end - 1, number + chapters))


@dataclass(frozen=True, slots=True)
class StepTime:
    """What one decode step of a full batch takes and makes.

    Attributes:
        batch_size: how many requests are in the batch.
        step_time: of one decode step.
    """

    batch_size: int
    step_time: Picoseconds

    @property
    def tokens_per_second(self) -> float:
        """How many tokens the whole batch makes in a second."""
        return self.batch_size * SECOND / self.step_time


def brings_another_workload(deck: Deck, number: int) -> bool:
    """Whether a chapter's requests or costs are others than on the stage before it."""
    chapter = deck.chapters[number]
    staged = (each for each in reversed(deck.chapters[:number]) if not each.slide)
    before = None if chapter.slide else next(staged, None)
    if before is None:
        return False
    one, other = (each.served for each in (before, chapter))
    return (one.name, one.source, one.cost) != (other.name, other.source, other.cost)


def step_times(workload: Workload) -> tuple[StepTime, ...]:
    """Step time and throughput by batch size, at the cost of the workload.

    Where a step costs by the contexts of its requests, each of them is the workload's average
    request, with half of its answer made. Larger batches than a profile was fitted to are left out.
    """
    requests, cost = workload.requests, workload.cost
    context = round(requests.input_tokens.mean() + requests.output_tokens.mean() / 2)
    fitted = cost.profile.batch if cost.profile else None
    sizes = [size for size in _BATCH_SIZES if fitted is None or size <= fitted[1]]
    return tuple(StepTime(size, cost.step_time(size, size * context)) for size in sizes)


def bundled_deck() -> Path:
    """The file of the tour that comes with the program."""
    return Path(str(resources.files("tui_batching.tour"))) / "batching.yaml"


def load_deck(
    path: Path | None, views: Mapping[str, ViewParts], keys: Collection[str] = ()
) -> Deck:
    """Read a deck, with all workloads that it names.

    Args:
        path: its file; None for the bundled one.
        views: the names that its chapters may give as their view, each with what it is made of.
        keys: the ids of the keys that its texts may name.

    Raises:
        InputError: if the file or a workload is not as expected.
    """
    file = bundled_deck() if path is None else path
    return parse_deck(read_text(file), file, views, keys)


def parse_deck(
    text: str, path: Path, views: Mapping[str, ViewParts], keys: Collection[str] = ()
) -> Deck:
    """Read a deck from YAML text.

    Args:
        text: the YAML text.
        path: the file's path: errors start with it, and workload files are looked for beside it.
        views: the names that its chapters may give as their view, each with what it is made of.
        keys: the ids of the keys that its texts may name.

    Raises:
        InputError: if the text is not as expected; told with line, key, found and expected.
    """
    record = read_yaml(text, str(path)).mapping(_KEYS).filled
    around = _Surroundings(path.parent, views, keys, {})
    chapters: list[Chapter] = []
    talk = record["chapters"].items(MOST_CHAPTERS)
    backup: list[Field] = record.read("backup", partial(Field.items, most=MOST_CHAPTERS), [])
    for chapter in (*talk, *backup):
        before = chapters[-1] if chapters else None
        chapters.append(_read_chapter(chapter, before, around))
    title = record.read("title", partial(Field.text, longest=_LONGEST_TITLE), name_of(path))
    return Deck(title, tuple(chapters), path, backup=len(backup))


def is_deck(text: str, path: Path) -> bool:
    """Whether a YAML text has chapters, as a deck does and a workload does not.

    Raises:
        InputError: if it is no YAML.
    """
    return "chapters" in text and read_yaml(text, str(path)).has_key("chapters")


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the chapters of a deck have in common while it is read."""

    folder: Path
    views: Mapping[str, ViewParts]
    keys: Collection[str]
    workloads: dict[str, Workload]


def _read_chapter(field: Field, before: Chapter | None, around: _Surroundings) -> Chapter:
    """One chapter; where it names no workload or section it has that of the chapter before."""
    record = field.mapping(_CHAPTER_KEYS).filled
    if before is None or "workload" in record.fields:
        workload = as_in_file = _read_workload(record["workload"], around)
    else:
        workload, as_in_file = before.workload, before.as_in_file
    workload = record.read("strategies", partial(_read_strategies, as_in_file), workload)
    settings, changed = _read_settings(record, workload)
    loop = record.read("loop", _read_loop, None)
    at = record.read("at", partial(_read_begin, loop), loop[0] if loop else 0)
    until = record.read("until", partial(_read_until, at, loop), None)
    check = partial(check_values, workload=changed, keys=around.keys)
    paragraphs = partial(_read_paragraphs, check, _LONGEST_TEXT)
    slide = record.read("slide", partial(_read_words, check, _LONGEST_SLIDE), "")
    view = record.read("view", partial(_read_view, around.views), "live")
    parts = around.views[view]
    return Chapter(
        title=record["title"].text(_LONGEST_TITLE),
        section=record.read(
            "section", partial(Field.text, longest=_LONGEST_TITLE), before.section if before else ""
        ),
        slide=slide,
        text=() if slide and "text" not in record.fields else paragraphs(record["text"]),
        then=record.read("then", partial(_read_then, until, paragraphs), ()),
        workload=workload,
        as_in_file=as_in_file,
        view=view,
        show=record.read("show", partial(_read_parts, view, parts.alone), ()),
        bars=record.read("bars", partial(_read_bars, view, parts.bars), ""),
        notes=record.read("notes", partial(_read_paragraphs, check, _LONGEST_NOTE), ()),
        minutes=record.read("minutes", partial(Field.decimal, above=0, most=_MOST_MINUTES), None),
        settings=settings,
        at=at,
        until=until,
        loop=loop,
        speed=record.read("speed", partial(Field.decimal, above=0, most=FASTEST), 0.5),
        play=record.read("play", Field.flag, default=until is not None or loop is not None),
        select=record.read("select", partial(_read_request, changed), None),
        focus=record.read("focus", partial(_read_focus, view, parts, changed), None),
        table=record.read("table", _read_table, None),
    )


def _read_workload(field: Field, around: _Surroundings) -> Workload:
    """A bundled workload by its name, or one in a file beside the deck; each is read once."""
    name, known = field.text(), around.workloads
    if name not in known:
        named = Path(name)
        is_path = name not in bundled_workloads() and (named.suffix or named.parent != Path())
        source = field.path_within(around.folder) if is_path else name
        with field.placing_errors():
            known[name] = load_workload(source)
    return known[name]


def _read_strategies(workload: Workload, field: Field) -> Workload:
    """The workload served by the strategies that are listed."""
    if not field.is_list:
        raise field.error("a list of strategies, such as [static, continuous]")
    names = [name.text() for name in field.items()]
    with field.placing_errors():
        return choose_strategies(workload, names)


def _read_settings(record: Record, workload: Workload) -> tuple[dict[str, str], Workload]:
    """The settings as `--set` takes them, and the workload as they change it."""
    settings: dict[str, str] = {}
    if "set" in record.fields:
        for key, value in (
            record["set"]
            .mapping(setting_keys(workload), elsewhere=keys_elsewhere(workload))
            .fields.items()
        ):
            workload = change(workload, key, value)
            settings[key] = value.written
    return settings, workload


def _read_paragraphs(check: Callable[[str], None], longest: int, field: Field) -> tuple[str, ...]:
    """A text, or a list of texts."""
    paragraphs = field.items() if field.is_list else [field]
    return tuple(_read_words(check, longest, paragraph) for paragraph in paragraphs)


def _read_then(
    until: Picoseconds | None, paragraphs: Callable[[Field], tuple[str, ...]], field: Field
) -> tuple[str, ...]:
    """What is read once it has stopped; where it never stops it would never be read."""
    if until is None:
        raise field.error("until beside then", "then without until")
    return paragraphs(field)


def _read_words(check: Callable[[str], None], longest: int, field: Field) -> str:
    """A text; each value in it is one that there is."""
    text = field.text(longest)
    with field.placing_errors():
        check(text)
    return text


def _read_view(views: Collection[str], field: Field) -> str:
    name = field.text()
    if name not in views:
        raise field.error(one_of(views) + did_you_mean(name, views))
    return name


def _read_parts(view: str, known: Collection[str], field: Field) -> tuple[str, ...]:
    """The names of parts of a view, in the order in which they stand."""
    if not known:
        raise field.error("no show", f"show beside view: {view}, which is always shown whole")
    names = field.items() if field.is_list else [field]
    for each in names:
        if each.text() not in known:
            few = f", {one_of(known)}" if len(known) <= _FEW_PARTS else ""
            meant = nearest_to(each.text(), known)
            raise each.error(f"a part of the view {view}{few}{meant}")
    return tuple(each.text() for each in names)


def _read_bars(view: str, known: Collection[str], field: Field) -> str:
    """What bars tell, in a view where they tell one of several things."""
    if not known:
        raise field.error("no bars", f"bars beside view: {view}")
    bars = field.text()
    if bars not in known:
        raise field.error(one_of(known) + did_you_mean(bars, known))
    return bars


def _read_instant(field: Field) -> Picoseconds:
    if field.written == "end":
        return HORIZON
    return field.duration()


def _read_begin(loop: tuple[Picoseconds, Picoseconds] | None, field: Field) -> Picoseconds:
    """Where it begins; behind a loop it would never come into it."""
    at = _read_instant(field)
    if loop is not None and at >= loop[1]:
        raise field.error("an instant before the end of the loop")
    return at


def _read_until(
    at: Picoseconds, loop: tuple[Picoseconds, Picoseconds] | None, field: Field
) -> Picoseconds:
    """Where it stops; with a loop it would never come there."""
    if loop is not None:
        raise field.error("either until or loop", "until beside loop")
    until = _read_instant(field)
    if until <= at:
        raise field.error("an instant after the one at which it begins")
    return until


def _read_loop(field: Field) -> tuple[Picoseconds, Picoseconds]:
    """The first and the last instant of a stretch."""
    if not field.is_list or len(field.items()) != 2:
        raise field.error("a list of two instants, such as [0.5s, 1.2s]")
    first, last = field.items()
    begins, ends = first.duration(), _read_instant(last)
    if ends <= begins:
        raise last.error("an instant after the first one")
    return begins, ends


def _read_request(workload: Workload, field: Field) -> int:
    number = field.whole()
    if number not in workload.requests.id:
        raise field.error("the id of a request of the workload")
    return number


def _read_focus(view: str, parts: ViewParts, workload: Workload, field: Field) -> str:
    """The strategy of a lane or panel; where there are none it would change nothing."""
    if not parts.has_panels:
        raise field.error("no focus", f"focus beside view: {view}, which has no lanes or panels")
    name, names = field.text(), [strategy.name for strategy in workload.lanes]
    if name not in names:
        raise field.error(one_of(names) + did_you_mean(name, names))
    return name


def _read_table(field: Field) -> TableName | WordTable:
    """One that is computed, by its name, or the words of one, row by row."""
    if not field.is_list:
        field.choice("step_time")
        return "step_time"
    rows = [row.items(_MOST_COLUMNS) for row in field.items(_MOST_ROWS)]
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            words = f"{len(rows[0])} cells, as in the first row"
            raise field.items()[number].error(words, f"{len(row)}")
    return tuple(tuple(cell.text(_LONGEST_CELL, may_be_empty=True) for cell in row) for row in rows)
