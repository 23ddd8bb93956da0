"""Which part of a trace is replayed, and how."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Literal, TypeAlias

from tui_batching.clock import Picoseconds
from tui_batching.requests import MAX_TOKENS
from tui_batching.workload.fields import Field, Reader

Over: TypeAlias = Literal["clip", "drop"]
"""What becomes of a request with more tokens than asked for: it is cut, or left out."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Which requests are taken, in the order of these attributes from `start` on.

    Attributes:
        limit: the most requests, counted after all else; None for all.
        start: where the window begins, from the trace's first row on, in picoseconds.
        duration: how long the window is, in picoseconds of the trace's own time.
        speed: how much faster than recorded requests arrive.
        max_input: the most tokens of a prompt.
        max_output: the most tokens of an answer.
        over: whether longer ones are cut to the maximum or left out.
    """

    limit: int | None = None
    start: Picoseconds | None = None
    duration: Picoseconds | None = None
    speed: float = 1.0
    max_input: int | None = None
    max_output: int | None = None
    over: Over = "clip"

    @property
    def exact_speed(self) -> Fraction:
        """The speed as the decimal that Python prints for it."""
        return Fraction(Decimal(repr(self.speed)))


_count = partial(Field.whole, least=1)
_tokens = partial(Field.whole, least=1, most=MAX_TOKENS)

OPTION_READERS: dict[str, Reader] = {
    "limit": _count,
    "start": Field.duration,
    "duration": partial(Field.duration, longer_than_zero=True),
    "speed": partial(Field.decimal, above=0),
    "max_input": _tokens,
    "max_output": _tokens,
    "over": lambda field: field.choice("clip", "drop"),
}
"""How each option is read, in a workload file and by `--set` alike."""
