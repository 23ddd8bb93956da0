"""What the bundled tour shows: its texts speak of what is on screen, and all sums there add up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from stage import Stage, on_stage
from tour import TOUR

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


async def pictures(size: tuple[int, int]) -> list[Picture]:
    """All chapters, those that stop twice: as they begin, and there."""
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

NOT_ON_SCREEN = {
    "What a step costs": ("3", "8"),  # a model
    "Continuous batching": ("1.52 s", "3.88 s", "2.36 s"),  # still to come, and what it makes
    "Short, yet slow": ("72.0",),  # among the parts it is 72
    "The price": ("212", "26.0"),  # of the whole run, which plays on
    "Equal, or few": ("60", "956", "992", "32.9 s"),  # a length; of other people
    "Long prompts": ("1,144", "7,121", "3.63 s", "6.06 s", "411", "14"),  # lengths; of all of them
    "The KV cache": ("130", "80", "426,000", "2022", "1,252", "2,048"),  # what there is; lengths
    "Paging": ("16", "2023"),  # the size of a block; a year
    "Eviction": ("584"),  # told there as a length, and as a sum
    "Chunked prefill": ("2,048", "50", "653", "464"),  # as it began, and what is still to come
    "No more white walls": (
        "509",
        "51.6",
        "49.3",
        "411",
        "633",
        "451",
    ),  # how wide walls are, to the digit
    "Read once": ("1,500", "93", "32.5", "277", "82.8"),  # of all of them; of a run without
    "And for real?": ("34", "2024", "4", "128", "1,024", "43", "3"),  # all of it is text
    "Is it true?": ("104", "0.19", "3.1", "8", "6000"),  # all of it is text
    "The famous 23 times": ("13", "23", "24", "2023"),  # all of it is text
    "The knob turned": ("51.6", "459", "930", "720"),  # of the whole run
    "What to turn": ("2,048", "256"),  # all of it is text
}
"""Numbers of texts that need not be seen, by chapter, with the reason."""


def ways_to_write(number: str) -> Iterator[str]:
    """How the screen may say it: a count in digits, and seconds among parts in milliseconds."""
    plain = number.removesuffix(" s")
    yield str(WORDS.get(plain.lower(), plain))
    yield plain.replace(",", "")
    if plain != number:
        yield f"{round(float(plain) * 1000):,}"


def times_seen(number: str, text: str) -> int:
    return len(re.findall(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", text))


def is_seen_beside(number: str, picture: Picture) -> bool:
    """Whether the screen shows a number of the text in another place, too."""
    return any(
        times_seen(way, picture.seen) > times_seen(way, picture.text)
        for way in ways_to_write(number)
    )


async def test_what_a_text_names_is_on_screen_in_its_chapter() -> None:
    missing = {}
    for picture in await pictures((120, 36)):
        allowed = NOT_ON_SCREEN.get(picture.chapter.title, ())
        unseen = [
            number
            for number in NUMBER.findall(picture.text)
            if number not in allowed and not is_seen_beside(number, picture)
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
    return sum(map(_number, re.findall(r"(\d+)%", text))) == 100


SUMS: dict[str, Callable[[str], bool]] = {
    r"^ ?(?:in )?ms +(\S.*= [\d,]+)": _sums_to_the_last,
    r"([\d,]+ used \+ [\d,]+ empty \+ [\d,]+ free = [\d,]+)": _sums_to_the_last,
    r"(useful \d+% held \d+% stalled \d+% free \d+%)": _adds_up_to_hundred,
}
"""The sums that a screen shows, each with how to check it."""


@pytest.mark.parametrize(
    ("size", "least"), [((80, 24), 4), ((120, 36), 4), ((160, 45), 4)], ids=str
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
