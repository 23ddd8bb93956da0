"""Numbers are told as people read them: with their nouns, and without exponents."""

from __future__ import annotations

import pytest

from tui_batching.numbers import counted, factor_text, rate_text, significant


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0"), (4, "4"), (0.5, "0.5"), (1.6449, "1.64"), (82.26, "82.3"), (999.6, "1,000"),
        (1234.4, "1,234"), (66000, "66,000"), (0.0000116, "0.0000116"),
    ],
)  # fmt: skip
def test_numbers_have_significant_and_no_exponent(value: float, told: str) -> None:
    assert significant(value) == told
    assert rate_text(value) == f"{told}/s"


def test_as_many_digits_are_told_as_asked_for() -> None:
    told = [significant(value, 4) for value in (2.048, 1234.5, 0.00002, 65536)]
    assert told == ["2.048", "1,234", "0.00002", "65,536"]


def test_zeros_at_the_end_are_told_where_asked_for() -> None:
    told = [significant(value, zeros=True) for value in (4, 0.5, 101, 999.6, 0.00001)]
    assert told == ["4.00", "0.500", "101", "1,000", "0.0000100"]


def test_factors_are_told_with_a_decimal_or_whole() -> None:
    told = [factor_text(times) for times in (1.004, 1.37, 9.94, 9.96, 23.4, 65536)]
    assert told == ["1.0", "1.4", "9.9", "10", "23", "65,536"]


def test_of_one_the_noun_is_singular() -> None:
    assert [counted(count, "step") for count in (0, 1, 2, 19366)] == [
        "0 steps", "1 step", "2 steps", "19,366 steps"
    ]  # fmt: skip
