"""What a lane shows at an instant, as facts: the drawing only lays them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tui_batching.analysis.scene import Scene
from tui_batching.analysis.so_far import LatencySoFar
from tui_batching.analysis.why import batch_tokens, fires_in, request_name
from tui_batching.charts.rows import age_text, short
from tui_batching.clock import Picoseconds, duration_text, format_duration
from tui_batching.sim.life import State
from tui_batching.sim.moment import Moment
from tui_batching.sim.spans import SpanKind


@dataclass(frozen=True, eq=False)
class LaneView:
    """One strategy at one instant.

    Attributes:
        moment: the Run at the instant.
        latency: of the requests answered so far; None before the first answer.
        occupied: share of slot-time that held a request so far.
        useful: share of slot-time that made a token or prefilled so far.
        longest_wait: of all Runs on screen, the scale of the queue's bars.
        selected: the row of the selected request, or None.
    """

    moment: Moment
    latency: LatencySoFar | None
    occupied: float
    useful: float
    longest_wait: Picoseconds
    selected: int | None = None


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot at one instant.

    Attributes:
        slot: its number.
        row: the row of the request in it; -1 where it is free.
        name: of the request.
        state: what the request in it does; while a batch forms, `FORMING` of those who have joined;
            None where it is free.
        fraction: how much of the bar is filled.
        extent: how much of the bar the request's own answer takes; less than 1 where the batch
            runs on for a longer member.
        text: what stands beside the bar; the shorter form for narrow lanes second.
    """

    slot: int
    row: int = -1
    name: str = ""
    state: State | None = None
    fraction: float = 0.0
    extent: float = 1.0
    text: tuple[str, ...] = ("free",)


def lane_view(scene: Scene, lane: int, time: Picoseconds, selected: int | None) -> LaneView:
    """What a lane shows of a scene at an instant."""
    moment, so_far = scene.runs[lane].at(time), scene.so_far[lane]
    occupied, useful = so_far.utilization(min(time, scene.runs[lane].finished))
    return LaneView(
        moment=moment,
        latency=so_far.latency(moment.done),
        occupied=occupied,
        useful=useful,
        longest_wait=scene.longest_wait,
        selected=selected,
    )


STATE_GLYPHS = {
    State.PREFILL: "»",
    State.RECOMPUTE: "▚",
    State.STALLED: "‖",
    State.DECODE: "›",
    State.HELD: "▒",
}
PHASE_STATES = {
    SpanKind.FORMING: State.FORMING,
    SpanKind.PREFILL: State.PREFILL,
    SpanKind.DECODE: State.DECODE,
    SpanKind.MIXED: State.DECODE,
}
"""What the server does, by what its requests do meanwhile; nothing while it is idle."""


def phase_texts(moment: Moment) -> list[str]:
    """What the server does, the fullest wording first."""
    phase = moment.phase
    if moment.over:
        return [f"DONE at {format_duration(moment.run.finished)}", "DONE"]
    match phase.kind:
        case SpanKind.IDLE:
            return ["IDLE · nobody is there", "IDLE"]
        case SpanKind.FORMING:
            return _forming_texts(moment)
        case SpanKind.PREFILL:
            text = f"PREFILL {_prefilled(moment)} · {_exact(phase.step_time)}"
            return [f"{text} · {format_duration(phase.end - moment.time)} left", text]
    step = _exact(phase.step_time)
    if moment.run.strategy.about.iteration_level:
        number = f"DECODE #{moment.iteration + 1}"
    else:
        number = f"DECODE {phase.step + 1}/{phase.steps}"
    return [f"{number} · {step} · billed {phase.billed}", f"{number} · {step}", number]


def _exact(time: Picoseconds) -> str:
    """A duration that does not change while it plays, to the last digit if that is short."""
    text = duration_text(time)
    return text if len(text) <= 6 else short(time)


def _forming_texts(moment: Moment) -> list[str]:
    joined, capacity = len(moment.joined), moment.run.capacity
    count, remaining = f"FORMING {joined}/{capacity}", fires_in(moment)
    if remaining is None:
        return [f"{count} · waits for {capacity - joined} more", count]
    return [
        f"{count} · fires in {format_duration(remaining)}",
        f"{count} · {short(remaining)}",
        count,
    ]


def _prefilled(moment: Moment) -> str:
    """Whose prompt is read: one request, or the batch."""
    rows = moment.prefilled
    if moment.run.strategy.about.iteration_level:
        return request_name(moment, int(rows[-1]))
    first, last = int(moment.running.min()), int(moment.running.max())
    names = [request_name(moment, row) for row in (first, last)]
    return names[0] if first == last else "–".join(names)


def slot_views(moment: Moment, most: int) -> list[SlotView]:
    """The first `most` slots; while a batch forms, its members stand in their coming slots."""
    views = [SlotView(slot) for slot in range(min(moment.run.capacity, most))]
    for slot, row in enumerate(moment.joined[:most]):
        since = moment.time - int(moment.run.requests.arrival_time[row])
        text = (f"joined, waits {age_text(since)}", f"joined {age_text(since)}", "joined")
        views[slot] = SlotView(slot, row, request_name(moment, row), State.FORMING, text=text)
    for view in _occupied_slots(moment, most):
        views[view.slot] = view
    return views


def _occupied_slots(moment: Moment, most: int) -> Iterator[SlotView]:
    """The slots that hold a request; with request-level scheduling they are one batch."""
    run, occupants = moment.run, moment.occupants
    slots = np.flatnonzero(occupants[:most] >= 0)
    rows = occupants[slots]
    asked = run.requests.output_tokens[rows]
    full = asked
    if not run.strategy.about.iteration_level:
        full = np.full_like(asked, batch_tokens(moment))
    stays = moment.stays[slots]
    columns = (slots, rows, moment.tokens_made(rows), asked, full, stays)
    facts = zip(*(column.tolist() for column in columns), strict=True)
    for told, state in zip(facts, moment.states(rows), strict=True):
        yield _occupied_slot(moment, _SlotFacts._make((*told, state)))


class _SlotFacts(NamedTuple):
    """One slot in numbers; `full` is how many tokens fill its bar."""

    slot: int
    row: int
    made: int
    asked: int
    full: int
    stay: int
    state: State


def _occupied_slot(moment: Moment, facts: _SlotFacts) -> SlotView:
    """What is seen of a slot: tokens, or the prefill, or how long it has been held."""
    run, state = moment.run, facts.state
    fraction = facts.made / facts.full
    text: tuple[str, ...] = (f"{facts.made}/{facts.asked}",)
    if state is State.HELD:
        held = moment.time - int(run.finish[facts.row])
        fraction = _decode_progress(moment, facts.full)
        text = (f"held {age_text(held)}", age_text(held))
    elif state is State.PREFILL:
        start = int(run.stays.start[facts.stay])
        prefill = int(run.stays.ready[facts.stay]) - start
        fraction = (moment.time - start) / prefill
        text = (f"prefill {short(prefill)}", "prefill")
    return SlotView(
        slot=facts.slot,
        row=facts.row,
        name=request_name(moment, facts.row),
        state=state,
        fraction=fraction,
        extent=facts.asked / facts.full,
        text=text,
    )


def _decode_progress(moment: Moment, full: int) -> float:
    """How far the batch is, of the `full` tokens of its longest answer."""
    phase = moment.phase
    computed = phase.step + moment.run.cost.made_by_prefill
    return computed / full if phase.kind is SpanKind.DECODE else 1.0
