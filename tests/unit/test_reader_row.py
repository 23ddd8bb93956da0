"""What the reader of an answer sees: a word a token, when it comes, and nothing before."""

from __future__ import annotations

import numpy as np
import pytest
from stage import hand_made, scene_of

from tui_batching.charts.breakdown_rows import readers_rows
from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.reader_row import WORDS
from tui_batching.charts.rows import text_of
from tui_batching.clock import MILLISECOND
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.strategies import Static
from tui_batching.workload import load_workload

PALETTE = load_palettes()[DEFAULT_THEME]
SCENE = scene_of(load_workload("illustrative"))
LANES = range(len(SCENE.runs))


def seen(moment: Moment, request: int, width: int = 120) -> str:
    """What stands behind the label."""
    [row] = readers_rows([moment], request, 1, width, PALETTE)
    label, told = text_of(row).split(" its reader sees: ", 1)
    assert f"R{request} " in label
    assert len(text_of(row)) == width
    return told.strip()


def instants(lane: int, request: int) -> np.ndarray:
    run = SCENE.runs[lane]
    first, last = int(run.requests.arrival_time[request]), int(run.end_time[request])
    return np.linspace(first + 1, last, 60).astype(np.int64)


@pytest.mark.parametrize("request_", range(6))
def test_a_word_for_each_token_and_the_sign_of_what_it_does(request_: int) -> None:
    run = SCENE.runs[2]
    signs = {State.DECODE: "█", State.STALLED: "‖"}
    for at in instants(2, request_).tolist():
        moment = run.at(at)
        made = int(moment.tokens_made(np.array([request_]))[0])
        [state] = moment.states(np.array([request_]))
        told = seen(moment, request_)
        if not made:
            assert told == "(nothing yet)"
            continue
        words = told.removeprefix("… ").split()
        assert words.pop() == ("(end)" if state is State.DONE else signs[state])
        assert words == list(WORDS[made - len(words) : made])
        assert told.startswith("…") == (len(words) < made)


@pytest.mark.parametrize("lane", [0, 1])
def test_a_batch_that_returns_as_one_shows_nothing_before(lane: int) -> None:
    run = SCENE.runs[lane]
    for at in instants(lane, 0)[:-1].tolist():
        assert seen(run.at(at), 0).startswith("(nothing yet")
    held = run.at(int(run.finish_time[0]))
    assert seen(held, 0) == "(nothing yet: 10 tokens made, in a batch that returns as one)"
    assert seen(run.at(int(run.end_time[0])), 0) == " ".join(WORDS[:10]) + " (end)"


def test_the_words_grow_until_the_row_is_full_and_begin_again_when_all_are_told() -> None:
    count = 2 * len(WORDS) + 5
    scene = scene_of(hand_made((0, 1, count), strategies=[Static(1)]))
    run = scene.runs[0]
    ended = run.at(int(run.end_time[0]))
    for width in (60, 80, 160):
        told = seen(ended, 0, width)
        assert told.startswith("… ")
        assert told.endswith(" ".join(WORDS[2:5]) + " (end)")
        assert width / 6 < len(told) <= width - 12


def test_one_step_adds_one_word() -> None:
    run = scene_of(hand_made((0, 5, 30))).runs[2]
    before, after = (run.at(at * MILLISECOND) for at in (100, 110))
    assert len(seen(after, 0).split()) == len(seen(before, 0).split()) + 1
