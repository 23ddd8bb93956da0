"""Bars of tokens: one scale everywhere, and nothing held that was made."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import palette

from tui_batching.charts.rows import HATCH, SLOWED, STALLED, Row, style, text_of
from tui_batching.charts.token_bars import BarPen, PromptBar, TokenBar, tokens_per_cell
from tui_batching.sim.life import State

DARK = palette()


def drawn(bar: TokenBar, cells: int = 20, scale: int = 4, *, top: bool = False) -> str:
    """A bar's row, as text."""
    row = Row(cells, style(DARK.text))
    BarPen(cells, scale, DARK, DARK.surface).draw(row, bar, top=top, middle=True)
    return text_of(row.cells())


@given(st.integers(1, 10**7), st.integers(1, 200))
def test_the_longest_answer_fits_on_a_round_scale(longest: int, cells: int) -> None:
    scale = tokens_per_cell(longest, cells)
    assert longest <= scale * cells
    assert int(str(scale).rstrip("0")) in (1, 2, 3, 4, 5, 6, 8, 12, 15, 25)
    assert scale < 2 * max(1, longest / cells)


@given(st.integers(0, 80), st.integers(1, 80), st.integers(1, 8))
def test_made_tokens_are_as_long_in_every_state(made: int, asked: int, scale: int) -> None:
    made = min(made, asked)
    solid = {
        state: drawn(TokenBar(made, asked, made + scale, state), 90, scale).count("█")
        for state in (State.DECODE, State.STALLED, State.HELD)
    }
    assert set(solid.values()) == {made // scale}


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 8))
def test_a_hatched_cell_is_a_cell_of_tokens_that_were_not_made(
    made: int, more: int, scale: int
) -> None:
    """Up to half a cell at both ends."""
    text = drawn(TokenBar(made, made, made + more, State.HELD), 130, scale)
    assert text.count(HATCH) * scale == pytest.approx(more, abs=1.5 * scale)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_told_of_a_prompt_is_as_wide_at_any_time(whole: int, one: int, other: int) -> None:
    told = [PromptBar(0, min(whole, reached), whole).told[0] for reached in (one, other)]
    assert len({len(each) for each in told}) == 1


@given(
    st.lists(st.integers(1, 5000), min_size=2, max_size=5),
    st.fractions(0, 1, max_denominator=10**6),
    st.integers(3, 40),
)
def test_prompts_that_are_read_together_are_as_far_in_cells(
    prompts: list[int], share: Fraction, cells: int
) -> None:
    gauges = set()
    for tokens in prompts:
        row = Row(cells, style(DARK.text))
        prompt = PromptBar(0, tokens * share, tokens)
        BarPen(cells, 4, DARK, DARK.surface).draw_prompt(row, prompt)
        gauges.add(text_of(row.cells()))
    assert len(gauges) == 1


def test_the_hatch_is_there_at_once() -> None:
    """As a whole cell, or as the ground of the cell in which the answer ends."""
    assert HATCH in drawn(TokenBar(9, 9, 10, State.HELD))
    row = Row(20, style(DARK.text))
    BarPen(20, 4, DARK, DARK.surface).draw(
        row, TokenBar(10, 10, 11, State.HELD), top=False, middle=True
    )
    tip = next(cell for cell in row.cells() if cell.text == "▌")
    assert tip.style is not None
    assert tip.style.bgcolor == DARK.hatched


def test_one_who_is_stalled_is_marked_behind_what_it_made() -> None:
    assert drawn(TokenBar(8, 20, 8, State.STALLED), 10) == f"██{STALLED}··     "


@given(st.integers(0, 79), st.integers(1, 8))
def test_the_sign_of_a_stall_is_there_however_full_the_bar_is(made: int, scale: int) -> None:
    assert STALLED in drawn(TokenBar(made, 80, made, State.STALLED), -(-80 // scale), scale)


@pytest.mark.parametrize("state", [State.HELD, State.STALLED])
def test_no_ground_is_seen_between_what_was_made_and_why_it_stands(state: State) -> None:
    row = Row(20, style(DARK.text))
    BarPen(20, 4, DARK, DARK.surface).draw(row, TokenBar(10, 20, 20, state), top=False, middle=True)
    tip = next(cell for cell in row.cells() if cell.text == "▌")
    assert tip.style is not None
    assert tip.style.bgcolor not in (DARK.surface, DARK.held_ground)


def test_one_who_is_slowed_is_marked_behind_what_it_made_and_stays_blue() -> None:
    assert drawn(TokenBar(8, 20, 8, State.DECODE, slowed=True), 10) == f"██{SLOWED}··     "


def test_what_is_to_come_is_dotted_up_to_the_answer_s_own_length() -> None:
    assert drawn(TokenBar(6, 20, 6, State.DECODE), 10) == "█▌···     "
