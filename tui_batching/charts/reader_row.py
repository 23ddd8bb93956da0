"""What the reader of the selected request sees of its answer: words, as they come.

The simulator knows how many tokens there are, not which, so the words are made up: a word for each
token, the same ones in every answer. What can be seen in them is when they come, and when not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import sign_of
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.numbers import counted
from tui_batching.sim.moment import Moment

LABELS = ("reader", "sees")
_ANSWER = """
A step takes hardly longer for several requests than for one, so a server lets them share it: that
is a batch. Who comes in, and who leaves, is up to the scheduler. If it waits for a full batch, the
first ones wait the longest. If all leave together, the short ones wait for the long ones. If it
looks after every step, whoever is done can leave, and somebody else comes in. Then a newcomer's
prompt has to be read while others write. Read in one piece, it makes them stop; read in small
pieces, it only makes them slower. And all of them share the memory: each token that was read or
written stays in it until the answer is complete. Where it is full, even a free slot is of no use.
"""
WORDS = tuple(_ANSWER.split())
"""The answer to every prompt; a longer one begins again."""
_BEFORE = "… "
"""Stands before a line that is not the first."""


def reader_row(moment: Moment, request: int, indent: int, width: int, palette: Palette) -> Cells:
    """The end of what is written of its answer, and the sign of what the request does.

    Of a strategy whose batches return as one there are no words before that.

    Args:
        moment: of a lane.
        request: whose answer; it has arrived.
        indent: cells of the label, with one before and behind it.
        width: cells of the row.
        palette: the colours.
    """
    run, now = moment.run, moment.time
    muted, text = (style(each, palette.background) for each in (palette.muted, palette.text))
    row = Row(width, text).add(f" {first_that_fits(LABELS, indent - 2):<{indent - 1}}", muted)
    made = int(moment.tokens_made(np.array([request]))[0])
    answered = now >= int(run.end_time[request])
    streams = run.strategy.about.iteration_level
    if not (made and (streams or answered)):
        unseen = f": {counted(made, 'token')} made, in a batch that returns as one" if made else ""
        return row.add(f"(nothing yet{unseen})", muted).cells()
    words = _end(made, row.left - len(_BEFORE) - 2)
    row.add(f"{words} ", text)
    if not answered:
        [state] = moment.states(np.array([request]))
        sign, colour = sign_of(state.word)
        row.add(sign, style(palette.state(colour), palette.background))
    return row.cells()


def _end(made: int, room: int) -> str:
    """The end of so many words: it moves on by half a row once that is full.

    >>> _end(3, 80)
    'A step takes'
    >>> _end(19, 80)
    '… requests than for one, so a server lets them share it: that'
    """
    halves = _halves(room // 2)
    rounds, left = divmod(made - 1, len(WORDS))
    number, left = 0, left + 1
    while left > len(halves[number]):
        left -= len(halves[number])
        number += 1
    shown = halves[number][:left]
    if number or rounds:
        shown = (*halves[number - 1], *shown)
    return (_BEFORE if number > 1 or rounds else "") + " ".join(shown)


@lru_cache(maxsize=64)
def _halves(room: int) -> tuple[tuple[str, ...], ...]:
    """The words, wrapped to half a row."""
    lines: list[list[str]] = [[]]
    for word in WORDS:
        if lines[-1] and len(" ".join((*lines[-1], word))) >= room:
            lines.append([])
        lines[-1].append(word)
    return tuple(map(tuple, lines))
