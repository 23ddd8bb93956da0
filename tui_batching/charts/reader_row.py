"""What the reader of the selected request sees of its answer: words, as they come.

The simulator knows how many tokens there are, not which, so the words are made up: a word for each
token, the same ones in every answer, and not about batching, so that nobody reads them for it. What
can be seen in them is when they come, and when not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tui_batching.charts.palette import Palette
from tui_batching.charts.pen import sign_of
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.numbers import counted
from tui_batching.sim.moment import Moment

_ANSWER = """
To bake a plain loaf you need flour, water, salt and a little yeast. Stir them in a bowl until no
dry flour is left, cover it, and let it rest for an hour. Then fold the dough over itself a few
times, shape it into a ball, and let it rise once more until it is almost twice as large. Heat the
oven well before, with a pot in it. Put the loaf into the hot pot, cut its top with a sharp knife,
and close the lid. After half an hour take the lid off, so that the crust turns brown. It is done
when it sounds hollow from below. Let it cool before you slice it, even if it smells too good. Write
down what you did, for the next one will be better. With more water the crumb has larger holes, but
the dough sticks to your hands; with less it is firm, and easy to shape. A longer rest in the cold
gives more taste than any spice. Rye makes it dark and moist, and keeps it fresh for days; spelt
tastes of nuts, but wants to be handled gently. Seeds are best soaked in warm water first, as they
would drink that of the dough. If the loaf is flat, it stood for too long; if it tears at its side,
it did not stand for long enough. Old bread is no waste: toast it, or soak it in milk and eggs.
"""
WORDS = tuple(_ANSWER.split())
"""The answer to every prompt; a longer one begins again."""
_BEFORE = "… "
"""Stands before a line that is not the first."""
_DONE = "(end)"


def reader_row(moment: Moment, request: int, row: Row, palette: Palette) -> Cells:
    """The end of what is written of its answer, and the sign of what the request does.

    Of a strategy whose batches return as one there are no words before that.

    Args:
        moment: of a lane.
        request: whose answer; it has arrived.
        row: the row that says so, up to the words.
        palette: the colours.
    """
    run, now = moment.run, moment.time
    muted, text = (style(each, palette.background) for each in (palette.muted, palette.text))
    made = int(moment.tokens_made(np.array([request]))[0])
    answered = now >= int(run.end_time[request])
    streams = run.strategy.about.iteration_level
    if not (made and (streams or answered)):
        told = [
            f": {counted(made, 'token')} made, in a batch that returns as one",
            ": a batch returns as one",
        ]
        texts = [f"(nothing yet{why})" for why in (*(told if made else ()), "")]
        return row.add(first_that_fits(texts, row.left), muted).cells()
    words = _end(made, row.left - len(_BEFORE) - len(_DONE) - 1)
    row.add(f"{words} ", text)
    if answered:
        row.add(_DONE, muted)
    else:
        [state] = moment.states(np.array([request]))
        sign, colour = sign_of(state.word)
        row.add(sign, style(palette.state(colour), palette.background))
    return row.cells()


def _end(made: int, room: int) -> str:
    """The end of so many words: it moves on by half a row once that is full.

    >>> _end(3, 80)
    'To bake a'
    >>> _end(19, 80)
    '… water, salt and a little yeast. Stir them in a bowl'
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
