"""The parameters of strategies: what they are called, what they may be, how they are told.

Workload files and `--set`, the dataclasses themselves, tables, titles and exports all go by these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui_batching.clock import format_duration, to_seconds
from tui_batching.reading.constraints import Constraint, Duration, OneOf, Whole, WholeOrNone

MAX_SLOTS = 1_000_000
"""Beyond any accelerator, and so few that every slot can be drawn."""

SLOTS = Whole(1, MAX_SLOTS)

BLOCK_TOKENS = Whole(1, 4096)
"""Tokens in a block: to beyond any engine's, and so few that one can count by the remainder."""

BATCH_SIZE, TOKEN_BUDGET, KV_CACHE_TOKENS = "batch_size", "token_budget", "kv_cache_tokens"
"""What slots, the most tokens of an iteration, and memory are called everywhere, as aliases."""
PREFIX_CACHING = "enable_prefix_caching"
"""What says whether requests find what others have computed."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a strategy.

    Attributes:
        name: of the dataclass's field, and the key in workload files.
        label: what it is called in tables.
        constraint: what it may be, and how it is read.
        aliases: further keys that mean the same.
        quiet: whether tables tell it only where it is not the default.
        unit: what a number of it counts, such as `tokens`; empty for plain numbers and durations.
    """

    name: str
    label: str
    constraint: Constraint
    aliases: tuple[str, ...] = ()
    quiet: bool = False
    unit: str = ""

    def is_called(self, key: str) -> bool:
        """Whether this is its name or one of its aliases."""
        return key == self.name or key in self.aliases

    @property
    def keys(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return self.name, *self.aliases

    def text(self, value: Any) -> str:
        """A value for reading: `1,024`, `500 ms`, `server free`."""
        match value, self.constraint:
            case None, _:
                return "none"
            case tuple(), _:
                return ", ".join(f"{each:,}" for each in value) or "none"
            case bool(), _:
                return "on" if value else "off"
            case _, Whole():
                return f"{value:,}"
            case _, Duration():
                return format_duration(value)
            case _, OneOf():
                return str(value).replace("_", " ")
        return str(value)

    def exported(self, value: Any) -> int | float | str | list[int] | None:
        """A value for JSON; durations in seconds."""
        if isinstance(value, tuple):
            return list(value)
        plain: int | float | str | None = (
            to_seconds(value) if isinstance(self.constraint, Duration) else value
        )
        return plain


MAX_NUM_SEQS = Parameter("max_num_seqs", "max num seqs", SLOTS, (BATCH_SIZE,), unit="slots")
MAX_NUM_BATCHED_TOKENS = Parameter(
    "max_num_batched_tokens", "max num batched tokens", Whole(1), (TOKEN_BUDGET,), unit="tokens"
)
"""With `MAX_NUM_SEQS`, what both versions of vLLM call their slots and their token budget."""

BLOCK_SIZE = Parameter("block_size", "block size", BLOCK_TOKENS, quiet=True, unit="tokens")
KV_CACHE = Parameter(KV_CACHE_TOKENS, "KV cache tokens", WholeOrNone(1), quiet=True, unit="tokens")
"""The tokens that fit into the KV memory, where a strategy heeds it."""
