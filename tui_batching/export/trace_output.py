"""Runs as Chrome trace events, which Perfetto (ui.perfetto.dev) and chrome://tracing open.

One process a strategy. Its tracks: the server with a slice a span, and each slot with a slice a
request, within which lie what the request did: prefill, stalled, decode, held. Counters tell how
many requests wait in the queue, run, and are held; and of engines that heed it, how many blocks of
the KV cache are taken and free in the first and in the last of equal iterations. An instant event
marks each eviction in its slot. Times are microseconds, exact to the picosecond; those told of a
request, its wait, TTFT and E2EL, are seconds, and named as in other files. Of a part of the time,
all that reaches into it is written whole, and the counters as they are within it.

The format: "Trace Event Format", Google, 2016; of its events B, E, C, I and M are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

import numpy as np

from tui_batching import __version__
from tui_batching.analysis.state_intervals import state_intervals
from tui_batching.clock import HORIZON, Picoseconds, exact_decimal, exact_seconds
from tui_batching.columns import IntArray
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import DECODING, SpanKind
from tui_batching.sim.stays import Ended, KvBlocks
from tui_batching.strategies import Strategy

_SERVER = 99
_FIRST_SLOT = 100
"""The number of the track of slot 0; one that is its process's would be taken for a main thread."""
_ROWS_AT_ONCE = 4096
_DECIMALS = 6
"""A picosecond is this many decimals of a microsecond."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the time, both ends included; by default all of it."""

    begin: Picoseconds = 0
    end: Picoseconds = HORIZON

    def reached(self, start: IntArray, end: IntArray) -> IntArray:
        """Which of these intervals reach into it."""
        return np.flatnonzero((end >= self.begin) & (start <= self.end))

    def changes(self, times: IntArray, values: IntArray) -> Iterator[tuple[int, int]]:
        """The changes of a value within it, and what the value is when it begins."""
        first = max(0, int(np.searchsorted(times, self.begin, side="right")) - 1)
        inside = slice(first, int(np.searchsorted(times, self.end, side="right")))
        told = np.maximum(times[inside], self.begin)
        return zip(told.tolist(), values[inside].tolist(), strict=True)


ALL = Stretch()


def write(name: str, runs: Sequence[Run], out: TextIO, part: Stretch = ALL) -> None:
    """Write one JSON object, one event a line, piece by piece so that its size does not matter.

    Args:
        name: of the workload.
        runs: one a strategy, in the order in which they are shown.
        out: where to.
        part: of the time.
    """
    about = json.dumps({"workload": name, "version": f"tui-batching {__version__}"})
    out.write(f'{{"displayTimeUnit": "ms", "otherData": {about}, "traceEvents": [')
    separator = "\n"
    for process, run in enumerate(runs, 1):
        for event in _events(process, run, part):
            out.write(separator + event)
            separator = ",\n"
    out.write("\n]}\n")


def _events(process: int, run: Run, part: Stretch) -> Iterator[str]:
    """All events of one strategy; on each track in order of time.

    What a log does not tell is left out: iterations, what is held, and maybe who waits.
    """
    tracks = {slot: _inside(run, slot, part) for slot in range(len(run.by_slot))}
    tracks = {slot: stays for slot, stays in tracks.items() if len(stays)}
    yield from _names(process, run, list(tracks))
    if run.tells_iterations:
        yield from _server(process, run, part)
    for slot, stays in tracks.items():
        for first in range(0, len(stays), _ROWS_AT_ONCE):
            yield from _stays(process, run, slot, stays[first : first + _ROWS_AT_ONCE])
    arrival, evicted = run.requests.arrival_time, run.evicted_stays
    waits = np.concatenate((arrival, run.stays.end_time[evicted]))
    back = np.concatenate((run.start_time, run.back[evicted]))
    if run.tells_start:
        yield from _counter(process, "queue", waits, back, part)
    yield from _counter(process, "running", run.stays.start_time, run.decoded_until, part)
    if run.tells_iterations:
        yield from _counter(process, "held", run.decoded_until, run.stays.end_time, part)
    if run.kv is not None:
        yield from _blocks(process, run, run.kv, part)


def _inside(run: Run, slot: int, part: Stretch) -> IntArray:
    """The stays in a slot that reach into a part of the time."""
    stays = run.by_slot.members(slot)
    return stays[part.reached(run.stays.start_time[stays], run.stays.end_time[stays])]


def _names(process: int, run: Run, slots: Sequence[int]) -> Iterator[str]:
    """What the process and its tracks are called, and in which order they stand."""
    yield _about(process, 0, "process_name", "name", _described(run.strategy))
    yield _about(process, 0, "process_sort_index", "sort_index", process)
    server, place = ({_SERVER: "server"}, "slot") if run.tells_iterations else ({}, "row")
    tracks = server | {slot + _FIRST_SLOT: f"{place} {slot}" for slot in slots}
    for track, name in tracks.items():
        yield _about(process, track, "thread_name", "name", name)
        yield _about(process, track, "thread_sort_index", "sort_index", track)


def _described(strategy: Strategy) -> str:
    return ", ".join((strategy.name, *strategy.wordings()[0]))


def _server(process: int, run: Run, part: Stretch) -> Iterator[str]:
    """The spans of the server; a run of decode steps is one slice."""
    spans = run.spans
    inside = part.reached(spans.start, spans.end)
    columns = (spans.kind, spans.start, spans.end, spans.steps, spans.billed)
    names = {kind: kind.name.lower() for kind in SpanKind}
    for kind, start, end, steps, billed in zip(*(c[inside].tolist() for c in columns), strict=True):
        about = f'"billed":{billed},"steps":{steps}' if kind in DECODING else ""
        yield _begin(process, _SERVER, start, names[kind], about)
        yield _end(process, _SERVER, end)


def _stays(process: int, run: Run, slot: int, stays: IntArray) -> Iterator[str]:
    """The stays of requests in one slot, and within each what the request did there."""
    requests, track, rows = run.requests, slot + _FIRST_SLOT, run.stays.request[stays]
    arrival = requests.arrival_time[rows]
    columns = (
        requests.id[rows],
        requests.input_tokens[rows],
        requests.output_tokens[rows],
        run.start_time[rows] - arrival,
        run.first_token_time[rows] - arrival,
        run.end_time[rows] - arrival,
        run.stays.start_time[stays],
        run.stays.end_time[stays],
        run.stays.ended[stays] == Ended.EVICTED,
    )
    told = zip(*(column.tolist() for column in columns), strict=True)
    for facts, parts in zip(told, state_intervals(run, stays), strict=True):
        number, prompt, answer, wait, ttft, e2el, begin, release, evicted = facts
        about = (
            f'"input_tokens":{prompt},"output_tokens":{answer},'
            + (f'"wait":{exact_seconds(wait)},' if run.tells_start else "")
            + f'"ttft":{exact_seconds(ttft)},"e2el":{exact_seconds(e2el)}'
        )
        yield _begin(process, track, begin, f"R{number}", about)
        for part in parts:
            yet = "" if run.tells_start or part.state is not State.PREFILL else "no token yet"
            yield _begin(process, track, part.start, yet or part.state.word)
            yield _end(process, track, part.end)
        if evicted:
            yield _instant(process, track, release, f"R{number} evicted")
        yield _end(process, track, release)


def _counter(process: int, name: str, up: IntArray, down: IntArray, part: Stretch) -> Iterator[str]:
    """How many there are, whenever that changes; they begin with none at time zero."""
    times = np.concatenate(([0], up, down))
    changes = np.repeat((0, 1, -1), (1, len(up), len(down)))
    instants, which = np.unique(times, return_inverse=True)
    count = np.cumsum(np.bincount(which, weights=changes).astype(np.int64))
    told = np.flatnonzero(np.diff(count, prepend=-1))
    for time, value in part.changes(instants[told], count[told]):
        yield _count(process, time, name, f'{{"requests":{value}}}')


def _blocks(process: int, run: Run, kv: KvBlocks, part: Stretch) -> Iterator[str]:
    """The blocks of the KV cache that are taken, those that are free, and between them the cached.

    These are free to take as well, but told apart only where a prefix cache matters.
    """
    spans = run.spans
    last_step = spans.end - spans.step_time - spans.step_growth * (spans.steps - 1)
    several = np.column_stack((spans.steps > 0, spans.steps > 1)).ravel()
    times = np.column_stack((spans.start, last_step)).ravel()[several]
    taken = np.column_stack((kv.at_start, kv.at_end)).ravel()[several]
    times, taken = np.append(times, run.finished), np.append(taken, 0)
    cached = np.zeros_like(taken)
    if run.cache_matters and kv.cached is not None:
        known = np.repeat(kv.cached, 2)[several]
        cached[:-1] = np.minimum(known, kv.blocks - taken[:-1])
    both = taken * (kv.blocks + 1) + cached
    changes = np.flatnonzero(np.diff(both, prepend=-1))
    for time, value in part.changes(times[changes], both[changes]):
        blocks, kept = divmod(value, kv.blocks + 1)
        told = f'"cached":{kept},' if run.cache_matters else ""
        args = f'{{"taken":{blocks},{told}"free":{kv.blocks - blocks - kept}}}'
        yield _count(process, time, "KV blocks", args)


def _count(process: int, time: Picoseconds, name: str, args: str) -> str:
    return f'{{"ph":"C","pid":{process},"ts":{_microseconds(time)},"name":"{name}","args":{args}}}'


def _instant(process: int, track: int, time: Picoseconds, name: str) -> str:
    place = f'"pid":{process},"tid":{track}'
    return f'{{"ph":"I",{place},"ts":{_microseconds(time)},"name":"{name}","s":"t"}}'


def _begin(process: int, track: int, time: Picoseconds, name: str, about: str = "") -> str:
    told = f',"args":{{{about}}}' if about else ""
    place = f'"pid":{process},"tid":{track}'
    return f'{{"ph":"B",{place},"ts":{_microseconds(time)},"name":"{name}"{told}}}'


def _end(process: int, track: int, time: Picoseconds) -> str:
    return f'{{"ph":"E","pid":{process},"tid":{track},"ts":{_microseconds(time)}}}'


def _about(process: int, track: int, name: str, key: str, value: str | int) -> str:
    args = json.dumps({key: value})
    return f'{{"ph":"M","pid":{process},"tid":{track},"name":"{name}","args":{args}}}'


def _microseconds(time: Picoseconds) -> str:
    return exact_decimal(time, _DECIMALS).removesuffix(".0")
