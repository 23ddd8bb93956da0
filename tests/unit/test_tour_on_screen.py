"""What the bundled tour shows: its texts speak of what is on screen, and all sums there add up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from stage import Stage, on_stage
from tour import TOUR

from tui_batching.charts.big_letters import big_number
from tui_batching.tour import Chapter
from tui_batching.tui.presenting.presenter import Presenter


@dataclass(frozen=True)
class Picture:
    """A chapter as a room sees it, at the instant at which it begins or at which it stops.

    Attributes:
        chapter: what is told.
        text: what the room reads of it, with its values.
        rows: the whole screen.
    """

    chapter: Chapter
    text: str
    rows: list[str]

    @property
    def seen(self) -> str:
        """The whole screen."""
        return "\n".join(self.rows)


def picture(chapter: Chapter, stage: Stage) -> Picture:
    """What is on screen now."""
    told = stage.live.query_one(Presenter)._told()
    assert told is not None
    return Picture(chapter, " ".join((chapter.slide, *told.paragraphs)), stage.rows())


SEEN: dict[tuple[int, int], list[Picture]] = {}
"""What was looked at already, as the whole tour takes a while."""


async def pictures(size: tuple[int, int]) -> list[Picture]:
    """All chapters, those that stop twice: as they begin, and there."""
    if size not in SEEN:
        SEEN[size] = await look_at_all(size)
    return SEEN[size]


async def look_at_all(size: tuple[int, int]) -> list[Picture]:
    """The same, turned through once."""
    found = []
    async with on_stage(TOUR.chapters[0].workload, size, deck=TOUR) as stage:
        for number, chapter in enumerate(TOUR.chapters):
            stage.live.presenter.jump(number)
            await stage.swept()
            found.append(picture(chapter, stage))
            if chapter.until is not None:
                await stage.press(*["space"] * (not chapter.play))
                stage.wall.now += 3600
                stage.live._next_frame()
                assert stage.live._player.time == chapter.until
                await stage.drawn()
                found.append(picture(chapter, stage))
    return found


WORDS = {"three": 3, "four": 4, "six": 6, "seven": 7, "nine": 9, "eleven": 11}
WORDS |= {"thirteen": 13, "fourteen": 14, "seventeen": 17, "eighty": 80}
NUMBER = re.compile(
    rf"(?<![\w.,])(?:\d+(?:,\d{{3}})*(?:\.\d+)?(?: s\b)?|\b(?:{'|'.join(WORDS)})\b)", re.IGNORECASE
)


def ways_to_write(number: str) -> Iterator[str]:
    """How the screen may say it: a count in digits, and times among parts in whole milliseconds."""
    plain = number.removesuffix(" s")
    yield str(WORDS.get(plain.lower(), plain)).removesuffix(".0")
    yield plain.replace(",", "")
    if plain != number:
        yield f"{round(float(plain) * 1000):,}"
        yield f"{float(plain):.3f}"  # as the clock has it


def times_seen(number: str, text: str) -> int:
    return len(re.findall(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", text))


def is_drawn(number: str, rows: list[str]) -> bool:
    """Whether a number stands there in large digits, apart from what is before it."""
    first, *others = ("  " + line for line in big_number(number))
    return any(
        all(row[found.start() :].startswith(line) for row, line in zip(below, others, strict=True))
        for place, row in enumerate(rows[: -len(others)])
        for below in [rows[place + 1 : place + 1 + len(others)]]
        for found in re.finditer(f"(?={re.escape(first)})", row)
    )


def is_seen_beside(number: str, picture: Picture) -> bool:
    """Whether the screen shows a number of the text in another place, too."""
    return any(
        times_seen(way, picture.seen) > times_seen(way, picture.text) or is_drawn(way, picture.rows)
        for way in ways_to_write(number)
    )


async def test_what_a_text_names_is_on_screen_in_its_chapter() -> None:
    """A slide has nothing beside its text and its table, which are all that it tells."""
    missing = {}
    for picture in await pictures((120, 36)):
        if picture.chapter.slide:
            continue
        unseen = [
            number for number in NUMBER.findall(picture.text) if not is_seen_beside(number, picture)
        ]
        names = [
            name
            for name in re.findall(r"\bR\d+\b|[░▒‖¦▂▚↩★┊◢≡]", picture.text)
            if times_seen(name, picture.seen) <= times_seen(name, picture.text)
        ]
        if unseen or names:
            missing[picture.chapter.title, picture.text] = [*unseen, *names]
    assert not missing


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _sums_to_the_last(text: str) -> bool:
    *parts, whole = map(_number, re.findall(r"\d[\d,]*", text))
    return sum(parts) == whole


def _adds_up_to_hundred(text: str) -> bool:
    *parts, whole = map(Decimal, re.findall(r"([\d.]+) %", text))
    return sum(parts) == whole == 100


SUMS: dict[str, Callable[[str], bool]] = {
    r"^ ?(?:in )?ms +(\S.*= [\d,]+)": _sums_to_the_last,
    r"([\d,]+ used \+ [\d,]+ empty \+ [\d,]+ free = [\d,]+)": _sums_to_the_last,
    r"(useful [\d.]+ % \+ ▒ held .* = 100 %)": _adds_up_to_hundred,
}
"""The sums that a screen shows, each with how to check it."""


@pytest.mark.parametrize(
    ("size", "least"), [((120, 36), 4), ((80, 24), 4), ((160, 45), 4)], ids=str
)
async def test_a_sum_adds_up_on_every_screen(size: tuple[int, int], least: int) -> None:
    sums = 0
    for picture in await pictures(size):
        for pattern, holds in SUMS.items():
            for row in picture.rows:
                for found in re.findall(pattern, row):
                    assert holds(found), (picture.chapter.title, row)
                    sums += 1
    assert sums >= least


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)
async def test_that_few_people_come_is_drawn(size: tuple[int, int]) -> None:
    """Each is a row of its own, with every rule, and only static has them wait for long."""
    (few,) = (each for each in await pictures(size) if each.chapter.title.startswith("Few people"))
    count = len(few.chapter.served.requests)
    for request in range(count):
        rows = sum(len(re.findall(rf"(?<!\S)R{request} ", row)) for row in few.rows)
        assert rows == len(few.chapter.workload.strategies), request
    assert len(re.findall("├─{2}", few.seen)) >= 2


@pytest.mark.parametrize("size", [(60, 20), (60, 24), (80, 24), (120, 36)], ids=str)
async def test_the_first_picture_is_whole_on_every_screen(size: tuple[int, int]) -> None:
    """Each row is a request, as the text says, with its tokens; red with static, none without."""
    (chapter,) = (each for each in TOUR.chapters if each.title == "In one picture")
    requests = chapter.served.requests
    async with on_stage(chapter.workload, size, deck=TOUR) as stage:
        stage.live.presenter.jump(TOUR.chapters.index(chapter))
        await stage.swept()
        rows = "\n".join(stage.rows())
    assert "cannot leave yet" in rows
    assert "is read (░)." in rows
    for id_, tokens in zip(requests.id, requests.output_tokens, strict=True):
        bars = re.findall(rf"R{id_} [^R]*?([░█▒]+)[^R]*? {tokens}\b", rows.replace("for R", ""))
        assert len(bars) == 2, id_
