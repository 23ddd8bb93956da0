"""A trace says what the Runs say, in a form that every viewer of trace events accepts."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from workloads_for_laws import cases, strategies_for, workloads

from tui_batching.analysis.breakdown import breakdown
from tui_batching.clock import MICROSECOND, SECOND
from tui_batching.export import trace_output
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Strategy
from tui_batching.workload.model import Workload

SERVER = "server"


@dataclass(frozen=True)
class Slice:
    """What lies between a B and its E; times in picoseconds."""

    name: str
    start: int
    end: int
    args: dict[str, Any]
    inside: tuple[Slice, ...]


def events_of(*runs: Run) -> list[dict[str, Any]]:
    """The events as a reader of JSON sees them, their times as picoseconds."""
    out = io.StringIO()
    trace_output.write('a "name"', runs, out)
    loaded = json.loads(out.getvalue(), parse_float=Decimal, parse_constant=str)
    assert loaded["otherData"]["workload"] == 'a "name"'
    events: list[dict[str, Any]] = loaded["traceEvents"]
    for event in events:
        event.setdefault("name", "")  # an E has none
        if "ts" in event:
            time = event["ts"] * MICROSECOND
            assert time == int(time)
            event["ts"] = int(time)
    return events


def tracks_of(events: list[dict[str, Any]]) -> dict[tuple[int, str], list[Slice]]:
    """The outermost slices by process and name of the track.

    Every E ends the B that was begun last on its track, no B is left, and time never goes back.
    """
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    open_slices: dict[tuple[int, int], list[Any]] = defaultdict(lambda: [[]])
    now: dict[tuple[int, int], int] = defaultdict(int)
    for event in (event for event in events if event["ph"] in "BE"):
        track = (event["pid"], event["tid"])
        assert event["ts"] >= now[track]
        now[track] = event["ts"]
        stack = open_slices[track]
        if event["ph"] == "B":
            stack += [event, []]
        else:
            inside, begun = stack.pop(), stack.pop()
            made = (begun["name"], begun["ts"], event["ts"], begun.get("args", {}), tuple(inside))
            stack[-1].append(Slice(*made))
    assert all(len(stack) == 1 for stack in open_slices.values())
    return {(pid, names[pid, tid]): stack[0] for (pid, tid), stack in open_slices.items()}


@st.composite
def runs(draw: st.DrawFn) -> Run:
    workload, strategy = draw(cases())
    return simulate(workload, strategy)


@given(workloads(), st.data())
def test_every_strategy_is_a_process_of_its_own(workload: Workload, data: st.DataObject) -> None:
    chosen: list[Strategy] = data.draw(st.lists(strategies_for(workload), min_size=1, max_size=3))
    events = events_of(*(simulate(workload, strategy) for strategy in chosen))
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert [name.split(",")[0] for name in processes.values()] == [one.name for one in chosen]
    order = {e["pid"]: e["args"]["sort_index"] for e in events if e["name"] == "process_sort_index"}
    assert sorted(processes, key=order.__getitem__) == list(processes)
    assert {event["pid"] for event in events} == set(processes)
    assert not {event.get("tid") for event in events} & set(processes)  # a main thread comes first
    assert {pid for pid, name in tracks_of(events) if name == SERVER} == set(processes)


@given(runs())
def test_every_request_lies_in_its_slot(run: Run) -> None:
    tracks = tracks_of(events_of(run))
    found = {
        (request.name, name, request.start, request.end)
        for (_, name), track in tracks.items()
        if name != SERVER
        for request in track
    }
    columns = (run.requests.id, run.stays.slot, run.start_time, run.end_time)
    told = zip(*(column.tolist() for column in columns), strict=True)
    assert found == {(f"R{number}", f"slot {slot}", a, b) for number, slot, a, b in told}


@given(runs())
def test_slots_hold_one_request_at_a_time_and_one_thing_after_another(run: Run) -> None:
    for track in tracks_of(events_of(run)).values():
        for before, after in pairwise(track):
            assert before.end <= after.start
        for outer in (outer for outer in track if outer.inside):
            *starts, end = [outer.start, *(inner.end for inner in outer.inside)]
            assert [inner.start for inner in outer.inside] == starts
            assert end == outer.end


@given(runs())
def test_what_a_request_does_adds_up_to_its_breakdown(run: Run) -> None:
    parts = breakdown(run)
    tracks = tracks_of(events_of(run))
    requests = {r.name: r for (_, name), track in tracks.items() if name != SERVER for r in track}
    for row, number in enumerate(run.requests.id.tolist()):
        request, spent = requests[f"R{number}"], defaultdict(int)
        for inner in request.inside:
            assert inner.end > inner.start
            assert not inner.inside
            spent[inner.name] += inner.end - inner.start
        assert spent["prefill"] == parts.prefill[row]
        assert spent["stalled"] == parts.stalled[row]
        assert spent["decode"] == parts.decode[row] + parts.sharing[row]
        assert spent["held"] == parts.held[row]
        assert request.args["output_tokens"] == run.requests.output_tokens[row]
        arrival = run.requests.arrival_time[row]
        assert int(request.args["e2el"] * SECOND) == run.end_time[row] - arrival
        assert int(request.args["ttft"] * SECOND) == run.first_token_time[row] - arrival


@given(runs())
def test_nobody_decodes_while_the_server_does_something_else(run: Run) -> None:
    tracks = tracks_of(events_of(run))
    for (_, name), track in tracks.items():
        for inner in (inner for outer in track for inner in outer.inside):
            for time in (inner.start, (inner.start + inner.end) // 2, inner.end - 1):
                decoding = run.at(time).phase.kind is SpanKind.DECODE
                assert name != SERVER
                assert decoding == (inner.name == "decode") or inner.name == "held"


@given(runs())
def test_the_server_does_one_span_after_the_other(run: Run) -> None:
    spans = [
        (SpanKind[span.name.upper()], span.start, span.end)
        for span in tracks_of(events_of(run))[1, SERVER]
    ]
    columns = (run.spans.kind, run.spans.start, run.spans.end)
    assert spans == list(zip(*(column.tolist() for column in columns), strict=True))


@given(runs())
def test_counters_tell_every_change_and_nothing_else(run: Run) -> None:
    counted: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in events_of(run):
        if event["ph"] == "C":
            counted[event["name"]].append((event["ts"], event["args"]["requests"]))
    for name, changes in counted.items():
        times, values = zip(*changes, strict=True)
        assert list(times) == sorted(set(times))
        assert times[0] == 0
        assert all(one != other for one, other in pairwise(values)), name
        for time, value in changes:
            assert value == counts_at(run, time)[name]
        assert values[-1] == 0
    for time in {
        *run.requests.arrival_time.tolist(),
        *run.start_time.tolist(),
        *run.end_time.tolist(),
    }:
        for name, count in counts_at(run, time).items():
            assert count == [value for told, value in counted[name] if told <= time][-1]


def counts_at(run: Run, time: int) -> dict[str, int]:
    """The counters as the Run tells them."""
    moment = run.at(time)
    there = moment.occupants[moment.occupants >= 0]
    held = int((run.finish_time[there] <= time).sum())
    return {"queue": len(moment.waiting), "running": len(there) - held, "held": held}
