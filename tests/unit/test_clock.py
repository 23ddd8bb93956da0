"""The integer clock: durations are read exactly and refused in one clear sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_batching.clock import (
    HORIZON,
    MICROSECOND,
    MILLISECOND,
    SECOND,
    duration_text,
    exact_seconds,
    format_duration,
    instant_text,
    parse_duration,
    to_seconds,
)
from tui_batching.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20ms", 20 * MILLISECOND),
        ("0.3us", 300_000),
        ("0.3µs", 300_000),  # the micro sign
        ("0.3μs", 300_000),  # the Greek letter
        (" 2 s ", 2 * SECOND),
        ("1.5min", 90 * SECOND),
        ("1h", 3600 * SECOND),
        ("7ns", 7000),
        ("7ps", 7),
        ("1e-3", MILLISECOND),
        ("2.5e3ms", 2500 * MILLISECOND),
        ("+1s", SECOND),
        (".5", SECOND // 2),
        (0, 0),
        ("-0", 0),
        (3, 3 * SECOND),
        (0.1, 100 * MILLISECOND),
        (0.1 + 0.2, None),  # 0.30000000000000004 is finer than a picosecond
        (Decimal("0.3"), 300 * MILLISECOND),
        ("9223372036854775807ps", HORIZON),
        ("0.000000000001", 1),
    ],
)
def test_durations_are_read_exactly(text: str | float | Decimal, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(InputError, match="whole number of picoseconds"):
            parse_duration(text)
    else:
        assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("soon", "found 'soon', expected a duration such as 20ms, 0.3us or 0.5 (seconds)"),
        ("", "found '', expected a duration such as"),
        ("20 parsecs", "found '20 parsecs', expected a duration"),
        ("20 MS", "found '20 MS', expected a duration"),
        ("1.2.3", "found '1.2.3', expected a duration"),
        (".", "found '.', expected a duration"),
        ("٣s", "found '٣s', expected a duration"),
        ("nan", "found 'nan', expected a duration"),
        ("inf", "found 'inf', expected a duration"),
        (float("nan"), "found 'nan', expected a duration"),
        ("-1ms", "found -1ms, expected a duration that is not negative"),
        ("0.1ps", "found 0.1ps, expected a whole number of picoseconds"),
        ("107e5", "found 107e5, expected at most 106 days"),
        ("9223372036854775808ps", "expected at most 106 days"),
        ("1e999", "expected at most 106 days"),
        ("1e-999", "expected a whole number of picoseconds"),
    ],
)
def test_what_is_no_duration_is_refused_in_one_sentence(text: str | float, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_duration(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.integers(0, HORIZON) | st.integers(0, 10**6).map(lambda n: n * MILLISECOND))
def test_an_exact_spelling_is_read_back(time: int) -> None:
    assert parse_duration(duration_text(time)) == time


@given(st.text(max_size=12) | st.from_regex(r"[0-9.eE+-]{1,9}(ms|s|us|h)?", fullmatch=True))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        time = parse_duration(text)
    except InputError:
        return
    assert 0 <= time <= HORIZON


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0s"),
        (SECOND, "1s"),
        (1500 * MILLISECOND, "1500ms"),
        (300_000, "300ns"),
        (1, "1ps"),
        (90 * SECOND, "90s"),
    ],
)
def test_the_shortest_exact_spelling(time: int, text: str) -> None:
    assert duration_text(time) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0 s"),
        (20 * MILLISECOND, "20.0 ms"),
        (1710 * MILLISECOND, "1.71 s"),
        (300_000, "300 ns"),
        (99_960_000_000, "100 ms"),
        (999_700_000_000, "1.00 s"),
        (99_960_000, "100 µs"),
        (999_499, "999 ns"),
        (999_500, "1.00 µs"),
        (3512 * SECOND, "3,512 s"),
        (12_345 * SECOND, "3.43 h"),
        (172_799 * SECOND, "2.00 d"),
        (4_138_730 * SECOND, "47.9 d"),
        (HORIZON, "107 d"),
        (7, "7 ps"),
        (-1710 * MILLISECOND, "-1.71 s"),
    ],
)
def test_durations_for_reading(time: int, text: str) -> None:
    assert format_duration(time) == text


LENGTHS = st.integers(0, 62).flatmap(lambda bits: st.integers(0, 2**bits))
NEAR_POWERS = st.builds(
    lambda power, parts: 10**power - parts * 10 ** max(0, power - 5),
    st.integers(0, 18),
    st.integers(-60, 60),
).filter(lambda time: time >= 0)
TIMES = LENGTHS | NEAR_POWERS


@given(TIMES)
def test_a_duration_for_reading_is_short_and_true_to_three_digits(time: int) -> None:
    text = format_duration(time)
    told = parse_duration(text.replace(",", ""), None)
    assert len(text) <= len("99.9 ms")
    assert sum(sign.isdigit() for sign in text) == 3 or told < 100 or "," in text
    assert 200 * abs(told - time) <= told


@given(TIMES, TIMES)
def test_durations_for_reading_keep_their_order(one: int, other: int) -> None:
    told = [
        parse_duration(format_duration(time).replace(",", ""), None)
        for time in sorted((one, other))
    ]
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("time", "end", "text"),
    [
        (1_023_762 * MILLISECOND, 2000 * SECOND, "1,023.762"),
        (50 * MILLISECOND, 2510 * MILLISECOND, "0.050"),
        (SECOND, SECOND, "1.000"),
        (50 * MILLISECOND, 999 * MILLISECOND, "0.0500"),
        (120 * MICROSECOND, 340 * MICROSECOND, "0.0001200"),
        (98_500_000, 340 * MICROSECOND, "0.0000985"),
        (7, 9, "0.000000000007"),
    ],
)
def test_the_clock_of_a_run_has_the_decimals_that_its_instants_need(
    time: int, end: int, text: str
) -> None:
    assert instant_text(time, end) == text


@given(TIMES, TIMES)
def test_every_run_has_a_thousand_instants_that_are_told_apart(one: int, other: int) -> None:
    instant, end = sorted((one, other))
    told = parse_duration(instant_text(instant, end).replace(",", ""), None)
    assert abs(told - instant) <= end / 2000 + 1


def test_seconds_are_rounded_once() -> None:
    assert to_seconds(300 * MILLISECOND) == 0.3
    assert to_seconds(HORIZON) == 9223372.036854775807


def test_digits_beyond_a_picosecond_are_never_rounded_away() -> None:
    with pytest.raises(InputError, match="whole number of picoseconds"):
        parse_duration("1.00000000000000000000000000000000001")


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0.0"),
        (1, "0.000000000001"),
        (SECOND, "1.0"),
        (1236 * 10**9, "1.236"),
        (120 * SECOND, "120.0"),
        (2**63 - 1, "9223372.036854775807"),
    ],
)
def test_seconds_have_all_their_digits(time: int, text: str):
    assert exact_seconds(time) == text
