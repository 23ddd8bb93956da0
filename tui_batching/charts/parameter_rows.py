"""Who is on stage with which parameters: `S static · batch 4   D dynamic · batch 4 · 500 ms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Row

Wordings: TypeAlias = Sequence[Sequence[str]]
"""Parameters in fewer and fewer words, as `Strategy.wordings` tells them."""
_APART = 3
"""Cells between two strategies."""


def parameter_rows(told: Mapping[str, Wordings], pen: Pen, most: int | None = None) -> list[Row]:
    """The strategies with their parameters, in the fullest wording that fits.

    Args:
        told: the wordings of each strategy, by its name.
        pen: for whole rows.
        most: how many rows there may be; None for as many as it takes.

    Returns:
        Rows to which more can be added.
    """
    for level in range(max(map(len, told.values()))):
        rows = _packed({name: each[min(level, len(each) - 1)] for name, each in told.items()}, pen)
        if most is None or len(rows) <= most:
            return rows
    return _packed(dict.fromkeys(told, ()), pen)[:most]


def _packed(told: Mapping[str, Sequence[str]], pen: Pen) -> list[Row]:
    """As many side by side as fit."""
    rows: list[Row] = []
    for name, words in told.items():
        parameters = "".join(f" · {word}" for word in words)
        needed = len(marked(name)) + len(parameters)
        if rows and rows[-1].left >= needed + _APART:
            row = rows[-1].gap(_APART)
        else:
            row = pen.row().gap()
            rows.append(row)
        mark, _, word = marked(name).partition(" ")
        row.add(mark, pen.strategy(name)).add(f" {word}", pen.text).add(parameters, pen.muted)
    return rows
