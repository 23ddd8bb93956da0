"""All that is told of each request, a column a fact: the same in files and in data frames."""

from __future__ import annotations

from tui_batching.analysis.breakdown import PARTS, breakdown
from tui_batching.analysis.distribution import latencies, times_to_first_token, tpots
from tui_batching.clock import SECOND
from tui_batching.columns import FloatArray, IntArray
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run

TIMES: tuple[str, ...] = (
    *("arrival_time", "start_time", "first_token_time", "finish_time", "end_time"),
    *("ttft", "tpot", "e2el"),
)
"""The instants, and what service levels limit; the parts of the latency are times as well."""

COUNTS: tuple[str, ...] = (
    *("input_tokens", "output_tokens", "slot", "evictions", "cached_tokens"),
)
"""What is told beside them: the slot of the last stay, and the tokens found at the first one."""

REQUEST_COLUMNS: tuple[str, ...] = ("id", *TIMES, *COUNTS, *PARTS)
"""The names of all columns, in order."""


def request_columns(run: Run) -> dict[str, IntArray | FloatArray]:
    """The columns by name, a row a request in order of arrival; all times in picoseconds.

    Only `tpot` is no whole number; an answer of one token has none: it is not a number. What a log
    does not tell is left out: slots, evictions, caches, the parts, and perhaps the start.
    """
    if isinstance(run, MeasuredRun):
        return _measured_columns(run)
    return _columns(run) | {
        "slot": run.stays.slot[run.by_request.stays[run.by_request.first[1:] - 1]],
        "evictions": run.evictions,
        "cached_tokens": run.stays.cached[run.by_request.stays[run.by_request.first[:-1]]],
        **breakdown(run).columns(),
    }


def _measured_columns(run: MeasuredRun) -> dict[str, IntArray | FloatArray]:
    columns = _columns(run)
    if not run.tells_start:
        del columns["start_time"]
    return columns


def _columns(run: Run) -> dict[str, IntArray | FloatArray]:
    """What every Run tells."""
    requests = run.requests
    return {
        "id": requests.id,
        "arrival_time": requests.arrival_time,
        "start_time": run.start_time,
        "first_token_time": run.first_token_time,
        "finish_time": run.finish_time,
        "end_time": run.end_time,
        "ttft": times_to_first_token(run),
        "tpot": tpots(run),
        "e2el": latencies(run),
        "input_tokens": requests.input_tokens,
        "output_tokens": requests.output_tokens,
    }


def in_seconds(name: str, column: IntArray | FloatArray) -> IntArray | FloatArray:
    """A column as others take it: times in seconds, counts as they are."""
    return column / SECOND if name in TIMES or name in PARTS else column
