"""What is written of a picture, and what not."""

from __future__ import annotations

from tui_batching.tui.screen_difference import ScreenDifference, draws_cells

RED, BLUE = "38;2;200;0;0", "38;2;0;0;200"


def shown(*rows: str) -> ScreenDifference:
    """A picture of 20 columns that shows the rows."""
    picture = ScreenDifference()
    picture.resize(20, 3)
    picture.draw("\n".join(f"\x1b[{y};1H{row}" for y, row in enumerate(rows, 1)) + "\x1b[1;1H")
    picture.update()
    return picture


def test_what_is_there_already_is_not_written() -> None:
    picture = shown("\x1b[1mtitle\x1b[0m and more", "below")
    picture.draw("\x1b[1;1H\x1b[1mtitle\x1b[0m and more\n\x1b[2;1Hbelow\x1b[1;1H")
    assert picture.update() == ""


def test_only_the_cells_that_change_are_written() -> None:
    picture = shown("t 0.125 / 10.311 s", "below")
    picture.draw("\x1b[1;1Ht 0.225 / 10.321 s\x1b[1;1H")
    assert picture.update() == "\x1b[1;5H2\x1b[1;15H2\x1b[1;1H"


def test_changes_close_together_are_one() -> None:
    picture = shown("t 0.125 s")
    picture.draw("\x1b[1;1Ht 1.126 s\x1b[1;1H")
    assert picture.update() == "\x1b[1;3H1.126\x1b[1;1H"


def test_a_look_is_changed_by_as_little_as_it_takes() -> None:
    ground = "48;2;9;9;9"
    picture = shown(" " * 20)
    picture.draw(
        f"\x1b[1;1H\x1b[{RED};{ground}ma\x1b[0m\x1b[{BLUE};{ground}mb\x1b[0m"
        f"\x1b[1;{BLUE};{ground}mc\x1b[0m\x1b[{BLUE};{ground}md\x1b[0m\x1b[{BLUE}me\x1b[0mf"
        "\x1b[1;1H"
    )
    assert picture.update() == (
        f"\x1b[1;1H\x1b[{RED};{ground}ma\x1b[{BLUE}mb\x1b[1mc\x1b[0;{BLUE};{ground}md"
        f"\x1b[0;{BLUE}me\x1b[0mf\x1b[1;1H"
    )


def test_another_size_is_drawn_from_the_start() -> None:
    picture = shown("abc")
    picture.resize(10, 1)
    picture.draw("\x1b[1;1Habc\x1b[1;1H")
    assert picture.update() == "\x1b[1;1Habc       \x1b[1;1H"


def test_what_would_stand_outside_of_the_screen_is_cut() -> None:
    picture = shown("abc")
    picture.draw("\x1b[1;19Hxyz\n\x1b[9;1Hbelow\x1b[1;1H")
    assert picture.update() == "\x1b[1;19Hxy\x1b[1;1H"


def test_marks_that_combine_do_not_make_up_for_wide_letters() -> None:
    picture = shown("日e\u0301x")
    picture.draw("\x1b[1;1H日e\u0301y\x1b[1;1H")
    assert picture.update() == "\x1b[1;4Hy\x1b[1;1H"


def test_modes_are_no_pictures() -> None:
    for mode in (
        "\x1b[?1049h",
        "\x1b[?2004l",
        "\x1b[>1u",
        "\x07",
        "\x1b]52;c;eA==\x07",
        "\x1b[?25h",
    ):
        assert not draws_cells(mode)
