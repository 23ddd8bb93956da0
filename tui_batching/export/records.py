"""A comparison as records of text and numbers, for JSON and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tui_batching.analysis.breakdown import PARTS, breakdown
from tui_batching.clock import exact_seconds
from tui_batching.columns import IntArray
from tui_batching.sim.run import Run
from tui_batching.strategies import Strategy

REQUEST_FIELDS: tuple[str, ...] = (
    "id",
    "arrival_time",
    "start_time",
    "first_token_time",
    "finish_time",
    "end_time",
    "input_tokens",
    "output_tokens",
    "slot",
)
"""What is told of each request, before the parts of its latency."""

PART_FIELDS = PARTS

_ROWS_AT_ONCE = 4096


def parameters(strategy: Strategy) -> dict[str, int | float | str]:
    """The parameters of a strategy; durations in seconds."""
    return {
        parameter.name: parameter.exported(strategy.value(parameter.name))
        for parameter in strategy.about.parameters
    }


def request_records(run: Run) -> Iterator[list[tuple[str, ...]]]:
    """The requests of a Run in arrival order: `REQUEST_FIELDS`, then `PART_FIELDS`, as text.

    They come a few thousand at a time: a million as text would fill gigabytes.
    """
    requests = run.requests
    times = (requests.arrival_time, run.start, run.first_token, run.finish, run.end)
    slot = run.stays.slot[run.by_request.stays[run.by_request.first[1:] - 1]]
    counts = (requests.input_tokens, requests.output_tokens, slot)
    parts = tuple(breakdown(run).columns().values())
    for first in range(0, len(run), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        texts = (
            *_as_text(str, (requests.id,), rows),
            *_as_text(exact_seconds, times, rows),
            *_as_text(str, counts, rows),
            *_as_text(exact_seconds, parts, rows),
        )
        yield list(zip(*texts, strict=True))


def _as_text(
    spell: Callable[[int], str], columns: Sequence[IntArray], rows: slice
) -> Iterator[Iterator[str]]:
    return (map(spell, column[rows].tolist()) for column in columns)
