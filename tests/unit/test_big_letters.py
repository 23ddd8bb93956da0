"""Big words: as large as there is room for, whole, and never wider or higher than asked."""

from __future__ import annotations

import string

import pytest

from tui_batching.charts.big_letters import big_number, big_words
from tui_batching.charts.printing import to_ascii


def test_letters_are_drawn_dot_by_dot() -> None:
    assert big_words("Hi", 20, 5) == [
        "██  ██  ██",
        "██  ██  ██",
        "██████  ██",
        "██  ██  ██",
        "██  ██  ██",
    ]
    assert big_words("hi", 9, 5) == ["█ █ █", "█▀█ █", "▀ ▀ ▀"]


@pytest.mark.parametrize(("width", "height"), [(116, 30), (76, 18), (56, 14), (30, 6), (9, 2)])
@pytest.mark.parametrize("words", ["One GPU, many people", "23x", "Guess first!", "A b c d e f"])
def test_they_fit(words: str, width: int, height: int) -> None:
    lines = big_words(words, width, height)
    assert lines
    assert all(len(line) <= width for line in lines)
    if "█" in "".join(lines):
        assert len(lines) <= height


def test_less_room_makes_smaller_letters_and_then_none() -> None:
    sizes = [len(big_words("The bubble", width, 30)) for width in (100, 60, 40, 24)]
    assert sizes == [21, 11, 3, 7]
    assert big_words("The bubble", 22, 30) == ["The bubble"]
    assert big_words("The bubble", 100, 2) == ["The bubble"]


def test_lines_begin_below_each_other_are_about_as_long_and_end_with_a_part_of_a_sentence() -> None:
    above, *_, below = big_words("wwww i", 50, 20)
    assert above[0] == below[0] == "█"
    for words, lines in (
        ("One GPU, many people", ["One GPU,", "many people"]),
        ("a bc def ghi", ["a bc", "def ghi"]),
    ):
        first, last = (big_words(line, 100, 5) for line in lines)
        assert big_words(words, max(map(len, [*first, *last])), 11) == [*first, "", *last]


def test_a_sign_behind_a_word_is_what_its_letters_are_made_of_if_they_are_large() -> None:
    plain = big_words("do it.", 80, 5)
    assert big_words("do it▒.", 80, 5) == [
        line[:20] + line[20:].replace("█", "▒") for line in plain
    ]
    assert big_words("do it▒.", 30, 3) == big_words("do it.", 30, 3)
    assert big_words("do it▒.", 80, 2) == ["do it."]


def test_a_letter_without_a_large_form_leaves_the_words_as_they_are() -> None:
    assert big_words("Größe 中", 80, 20) == ["Größe 中"]
    assert big_words("a\tb", 80, 20) != []


def test_all_letters_and_digits_have_one_and_none_looks_like_another() -> None:
    pictures = {each: tuple(big_words(each, 20, 5)) for each in string.ascii_uppercase[:]}
    assert len(set(pictures.values())) == 26
    digits = {each: tuple(big_words(each, 20, 5)) for each in string.digits}
    assert len(set(digits.values())) == 10
    assert all("█" in "".join(lines) for lines in (*pictures.values(), *digits.values()))


def test_they_can_be_drawn_in_ascii() -> None:
    for width in (20, 9):
        assert all(to_ascii(line).isascii() and "?" not in to_ascii(line)
                   for line in big_words("Hi", width, 5))  # fmt: skip


def test_a_number_has_three_lines_and_all_its_digits_are_equally_wide() -> None:
    assert big_number("4.2") == ["█ █   ▀▀█", "▀▀█   █▀▀", "  ▀ ▀ ▀▀▀"]
    digits = {each: big_number(each) for each in string.digits}
    assert {len(line) for lines in digits.values() for line in lines} == {3}
    assert {len(line) for line in big_number("-1,234.5")} == {len(big_number("-8,888.8")[0])}
