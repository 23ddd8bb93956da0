"""What the driver writes shows, on a terminal, what Textual would have shown by writing it all."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_batching.tui.screen_difference import ScreenDifference, draws_cells

WIDTH, HEIGHT = 24, 4
CONSOLE = Console(color_system="truecolor", force_terminal=True)
COLOURS = (None, "default", "red", "bright_blue", "color(200)", "#102030", "#fefefe")

texts = st.text(alphabet="ab █▒·界é", max_size=9)
colours = st.sampled_from([None if name is None else Color.parse(name) for name in COLOURS])
looks = st.builds(
    lambda colour, ground, attributes: Style(
        color=colour, bgcolor=ground, **dict.fromkeys(attributes, True)
    ),
    colours,
    colours,
    st.sets(st.sampled_from(["bold", "reverse", "italic", "underline", "strike"])),
)
runs = st.lists(st.builds(Segment, texts, looks, st.none()), max_size=5)
places = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
writes = st.tuples(places, runs)
frames = st.lists(writes, min_size=1, max_size=4)


def written(frame: list[tuple[tuple[int, int], list[Segment]]]) -> str:
    """A frame as Textual writes it: at every place a strip that ends within its row.

    No strip ends or begins within a wide character of another one, because they are padded: all
    are of the whole row from its left edge, or else without wide characters in a row without any.
    """
    parts = []
    for (x, y), segments in frame:
        if y % 2:
            narrow = [Segment(text.replace("界", "x"), style) for text, style, _ in segments]
            strip, left = Strip(narrow), x
        else:
            strip, left = Strip(segments).adjust_cell_length(WIDTH, Style(bgcolor="blue")), 0
        room = WIDTH - left
        parts.append(Control.move_to(left, y).segment.text)
        parts.append(strip.crop(0, min(room, strip.cell_length)).render(CONSOLE))
    return "\n".join(parts) + Control.move_to(*frame[0][0]).segment.text


def cells(screen: pyte.Screen) -> list[list[pyte.screens.Char]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    screen.reset_mode(pyte.modes.DECAWM)  # as Textual does
    return screen, pyte.Stream(screen)


@given(st.lists(st.tuples(frames, st.booleans()), min_size=1, max_size=6))
def test_dropped_frames_or_not_the_terminal_shows_the_newest_one(
    play: list[tuple[list[tuple[tuple[int, int], list[Segment]]], bool]],
) -> None:
    theirs, all_of_it = terminal()
    ours, differences = terminal()
    picture = ScreenDifference()
    picture.resize(WIDTH, HEIGHT)
    for number, (frame, taken) in enumerate(play):
        data = written(frame)
        assert draws_cells(data)
        all_of_it.feed(data.replace("\n", ""))
        picture.draw(data)
        if taken or number == len(play) - 1:
            differences.feed(picture.update())
            assert cells(ours) == cells(theirs)
            assert (ours.cursor.x, ours.cursor.y) == (theirs.cursor.x, theirs.cursor.y)
            assert picture.update() == ""
    picture.forget()
    ours.reset()
    ours.reset_mode(pyte.modes.DECAWM)
    differences.feed(picture.update())
    assert cells(ours) == cells(theirs)
