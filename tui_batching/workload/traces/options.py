"""What is asked of a trace: how it is read, and which of its requests are replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias, get_args

from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError, one_of
from tui_batching.reading.constraints import (
    Constraint,
    Constraints,
    Duration,
    Flag,
    Number,
    OneOf,
    Pairs,
    Whole,
    check_constraints,
)
from tui_batching.reading.fields import Field
from tui_batching.requests import MAX_TOKENS
from tui_batching.workload.traces.formats import FORMATS, ROLES
from tui_batching.workload.traces.values import UNITS, Unit

Over: TypeAlias = Literal["clip", "drop"]
"""What becomes of a request with more tokens than asked for: it is cut, or left out."""


class _FormatName(Constraint):
    """The names in the table of formats."""

    def __call__(self, field: Field) -> str:
        """The name in the field."""
        return field.choice(*FORMATS)

    def _allows(self, value: str) -> bool:
        return value in FORMATS

    @property
    def _expected(self) -> str:
        return one_of(FORMATS)


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """How a trace is read, and which requests are taken.

    Attributes:
        format: the name of its format; by default it is recognised.
        columns: names of columns or keys, for any flat file: `{arrival: started_at, input:
            prompt_tokens, output: completion_tokens}`, also `max_tokens` and `priority`; with
            `format`, instead of some of its own. `a.b` is the key `b` in the object `a`. In
            `--set`: `workload.columns=arrival=started_at,...`.
        unit: what times are counted in, instead of what the format says: `s`, `ms`, `us` or `ns`.
            ISO 8601 instants need none.
        where: only rows with these texts in these columns or keys, such as `{model: gpt-4}`. In
            `--set`: `workload.where=model=gpt-4`.
        result: which one of several results in a file, from 1.
        hash_block: tokens of a prompt that a hash stands for, instead of what the format says.
        spread: whether the arrivals of one tick of the file's clock are spread evenly over it:
            that of Mooncake's conversations ticks every 3 s.
        limit: the first requests to arrive, counted after all else; by default all.
        start: where the window begins, counted from the earliest arrival.
        duration: how long the window is, in the trace's own time.
        busiest: instead of both, the window of this length in which the most requests arrive.
        speed: how much faster than recorded requests arrive.
        max_input: the most tokens of a prompt.
        max_output: the most tokens of an answer.
        over: whether longer ones are cut to the maximum (`clip`) or left out (`drop`).

    Raises:
        InputError: if one is not as expected, or there are two windows.
    """

    constraints: ClassVar[Constraints] = {
        "format": _FormatName(),
        "columns": Pairs(ROLES),
        "unit": OneOf(UNITS),
        "where": Pairs(),
        "result": Whole(least=1),
        "hash_block": Whole(1, MAX_TOKENS),
        "spread": Flag(),
        "limit": Whole(least=1),
        "start": Duration(most=None),
        "duration": Duration(longer_than_zero=True, most=None),
        "busiest": Duration(longer_than_zero=True, most=None),
        "speed": Number(above=0),
        "max_input": Whole(1, MAX_TOKENS),
        "max_output": Whole(1, MAX_TOKENS),
        "over": OneOf(get_args(Over)),
    }

    format: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    unit: Unit | None = None
    where: tuple[tuple[str, str], ...] = ()
    result: int | None = None
    hash_block: int | None = None
    spread: bool = False
    limit: int | None = None
    start: Picoseconds | None = None
    duration: Picoseconds | None = None
    busiest: Picoseconds | None = None
    speed: float = 1.0
    max_input: int | None = None
    max_output: int | None = None
    over: Over = "clip"

    def __post_init__(self) -> None:
        check_constraints(self, self.constraints)
        if self.busiest is not None:
            for other in ("start", "duration"):
                if getattr(self, other) is not None:
                    raise InputError(f"busiest: found {other} beside it, expected one window")

    @property
    def exact_speed(self) -> Fraction:
        """The speed as the decimal that Python prints for it."""
        return Fraction(Decimal(repr(self.speed)))

    @property
    def named(self) -> Mapping[str, str]:
        """The columns by what is in them."""
        return dict(self.columns)

    @property
    def takes_all(self) -> bool:
        """Whether no request is left out for its time, its length or its place."""
        windows = (self.limit, self.start, self.duration, self.busiest)
        return windows == (None,) * 4 and self.over == "clip"
