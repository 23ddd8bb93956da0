"""The worst requests by one of several measures, and where each is to be looked at for why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tui_batching.analysis.breakdown import PARTS, breakdown
from tui_batching.analysis.distribution import latencies, times_to_first_token, tpots
from tui_batching.analysis.phases import farthest_off, told_farthest_off
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import BoolArray, FloatArray, IntArray
from tui_batching.sim.life import State, states_at
from tui_batching.sim.measured import MeasuredRun
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind


def _duration(value: float) -> str:
    return format_duration(round(value))


@dataclass(frozen=True)
class Measure:
    """What is measured of each request, so that the worst ones are found; a row of `MEASURES`.

    Attributes:
        name: as it is asked for, such as `ttft`.
        label: as it is shown, such as `TTFT`.
        meaning: from when to when, in words.
        since: when what is measured begins, a column of instants.
        until: when it ends.
        values: one for each request, the higher the worse; NaN for one that has none.
        text: a value for a reader.
        units: into how many shares each request's time is divided: its tokens, or one.
        extent: which parts of a latency sum to it, in words.
        most: what the worst ones have.
        aside: what else is told of one of them, in words; empty for nothing.
    """

    name: str
    label: str
    meaning: str
    since: Callable[[Run], IntArray]
    until: Callable[[Run], IntArray]
    values: Callable[[Run], FloatArray]
    text: Callable[[float], str] = _duration
    units: Callable[[Run], IntArray] = lambda run: np.ones(len(run), np.int64)
    extent: str = "the parts sum to it"
    most: str = "longest"
    aside: Callable[[Run, int], str] = lambda _, __: ""


def _in_floats(column: Callable[[Run], IntArray]) -> Callable[[Run], FloatArray]:
    return lambda run: column(run).astype(np.float64)


MEASURES: tuple[Measure, ...] = (
    Measure(
        "ttft",
        "TTFT",
        "from arrival to the first token",
        since=lambda run: run.requests.arrival_time,
        until=lambda run: run.first_token_time,
        values=_in_floats(times_to_first_token),
        extent="the parts up to the first token",
    ),
    Measure(
        "tpot",
        "TPOT",
        "between two tokens on average",
        since=lambda run: run.first_token_time,
        until=lambda run: run.finish_time,
        values=tpots,
        units=lambda run: np.maximum(run.requests.output_tokens - 1, 1),
        extent="the parts after the first token, a token",
    ),
    Measure(
        "e2el",
        "latency",
        "from arrival to the answer",
        since=lambda run: run.requests.arrival_time,
        until=lambda run: run.end_time,
        values=_in_floats(latencies),
    ),
)
"""By what requests can be ranked; a further measure is one more row."""


def error_measure(true: MeasuredRun) -> Measure:
    """How far simulated latencies are off what was measured of the same requests, as shares.

    Why is to be looked for in the part that is the farthest off: queue, first token or decode.
    """

    def errors(run: Run) -> FloatArray:
        if run is true:
            return np.full(len(run), np.nan)
        return np.abs(latencies(run) / np.maximum(latencies(true), 1) - 1)

    return Measure(
        "error",
        "error",
        "of the latency, against what was measured",
        since=lambda run: farthest_off(run, true)[0],
        until=lambda run: farthest_off(run, true)[1],
        values=errors,
        text=lambda error: f"latency {error:.1%} off",
        most="largest",
        aside=lambda run, row: told_farthest_off(run, row, true),
    )


@dataclass(frozen=True, eq=False)
class Ranking:
    """The requests of one or several Runs, the worst first. Each is told once.

    Attributes:
        measure: by what.
        values: of each request, in the Run in which it is worst.
        lane: which Run that is. Shape: that of `values`.
        order: the rows of the requests, the worst first; one that has no value is left out.
    """

    measure: Measure
    values: FloatArray
    lane: IntArray
    order: IntArray

    @classmethod
    def of(cls, measure: Measure, runs: Sequence[Run]) -> Ranking:
        """Rank the requests; of equally bad ones the one who arrived first comes first."""
        each = np.stack([measure.values(run) for run in runs])
        lane = np.argmax(np.where(np.isnan(each), -np.inf, each), axis=0)
        values = each[lane, np.arange(each.shape[1])]
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.argsort(-values[known], kind="stable")]
        return cls(measure, values, lane, order)


_LEAST = "decode"
"""What a request does as long with nobody else there, however it is served."""


def parts_within(measure: Measure, run: Run, rows: IntArray) -> dict[str, IntArray]:
    """The parts of what is measured of these requests, in picoseconds, as those of a latency."""
    since, until = (
        breakdown(run, rows, instants(run)[rows]).columns()
        for instants in (measure.since, measure.until)
    )
    return {name: until[name] - since[name] for name in PARTS}


def instant_of_why(measure: Measure, run: Run, row: int) -> Picoseconds:
    """Where to look for why a request is so bad: by the largest part, its own decode apart.

    Of a wait that is the start of its last iteration or interval, where the request is first in
    the queue or nearly so; of what happens in a slot it is the start of the longest iteration. A
    log tells no parts: there it is what happened last before the end.
    """
    since, until = (int(instants(run)[row]) for instants in (measure.since, measure.until))
    if not run.tells_iterations:
        return max(since, run.at(until).previous_boundary or 0)
    parts = parts_within(measure, run, np.array([row]))
    lost = {name: int(parts[name][0]) for name in PARTS if name != _LEAST}
    largest = max(lost, key=lost.__getitem__)
    changes = _changes(run, row, since, until)
    span = np.maximum(np.searchsorted(run.spans.start, changes, side="right") - 1, 0)
    states = states_at(run, np.array([row]), changes)[0]
    found = np.flatnonzero(_happens(largest, states, run.spans.kind[span]))
    if not lost[largest] or not len(found):
        return since
    place = int(found[-1])
    if largest in _IN_SLOTS:
        spans = run.spans
        longest = spans.step_time[span] + spans.step_growth[span] * (spans.steps[span] - 1)
        place = int(found[np.argmax(longest[found])])
    after = int(changes[place + 1]) if place + 1 < len(changes) else until
    # A prompt may be read within an iteration: what follows is looked at from where that starts.
    return max(since, run.at(after).previous_boundary or 0)


_Codes: TypeAlias = npt.NDArray[np.int8]
_IN_SLOTS = ("prefill", "stalled", "sharing", "recompute")
"""Parts of which the longest iteration tells more than the last."""


def _happens(part: str, states: _Codes, kinds: _Codes) -> BoolArray:
    """Where a part of a latency grows, by what the request does and of which kind a span is.

    A step that is longer because of the prompts of others stalls those who decode in it.
    """
    decodes = states == State.DECODE
    if part == "sharing":
        return np.asarray(decodes & (kinds == SpanKind.DECODE))
    if part == "stalled":
        return np.asarray((states == State.STALLED) | (decodes & (kinds == SpanKind.MIXED)))
    return np.asarray(states == State[part.upper()])


def _changes(run: Run, row: int, since: Picoseconds, until: Picoseconds) -> IntArray:
    """Between two instants, those at which a request may begin to do something else; ascending."""
    starts, stays = run.spans.start, run.stays
    first, after = np.searchsorted(starts, (since, until))
    columns = (stays.start_time, stays.ready_time, run.decoded_until, stays.end_time)
    own = np.concatenate([column[run.by_request.members(row)] for column in columns])
    own = own[(own > since) & (own < until)]
    return np.unique(np.concatenate(([since], starts[first:after], own)))
