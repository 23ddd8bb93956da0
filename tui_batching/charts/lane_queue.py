"""The queue of a lane: how many wait, how long, and who they are."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.why import request_name
from tui_batching.charts.lane_pen import LanePen
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.lane_words import names
from tui_batching.charts.rows import EVICTED, Cells, Row, first_that_fits, text_of
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.sim.moment import Moment

_SHORTEST_AGED = len(" R1 2ms ")


def queue_rows(pen: LanePen, room: int) -> list[Cells]:
    """How many wait and the longest of them; then who they are, oldest first."""
    if room < 1:
        return []
    moment = pen.view.moment
    if not moment.run.tells_start:
        texts = ["queue: the log does not tell who waits", "queue: not told"]
        return [pen.line().add(first_that_fits(texts, pen.width - 2), pen.muted).cells()]
    waiting = moment.waiting[len(moment.joined) :]
    named = _queue_names(pen, waiting, room - 1) if waiting else []
    told = any(EVICTED in text_of(row) for row in named)
    return [_queue_head(pen, waiting, tells_evicted=not told), *named]


def _queue_head(pen: LanePen, waiting: Sequence[int], *, tells_evicted: bool) -> Cells:
    """How many wait; then, while there is room, who left, who was evicted, and the longest wait."""
    row = pen.line().add("queue ", pen.muted).add(f"{len(waiting):,}", pen.strong)
    ages = _longest_texts(pen.view, waiting) if waiting else []
    spared = len(ages[-1]) + 2 if ages else 0
    _add_travellers(row, pen, spared)
    if tells_evicted:
        _add_evicted(row, pen, spared)
    if ages:
        row.add_right(f"{first_that_fits([*ages, ''], row.left - 2)} ", pen.muted)
    return row.cells()


def _longest_texts(view: LaneView, waiting: Sequence[int]) -> list[str]:
    longest = format_duration(_longest_wait(view, waiting))
    return [f"longest wait {longest}", f"longest {longest}"]


def _longest_wait(view: LaneView, waiting: Sequence[int]) -> Picoseconds:
    """How long the one has waited who has waited longest, be it since an eviction."""
    moment, evicted = view.moment, view.evicted
    in_order = not evicted and moment.run.place is None
    newcomers = waiting[:1] if in_order else [row for row in waiting if row not in evicted]
    waits = [facts.ago for facts in evicted.values()]
    if newcomers:
        waits.append(moment.time - int(moment.run.requests.arrival_time[min(newcomers)]))
    return max(waits)


def _add_travellers(row: Row, pen: LanePen, spared: int) -> None:
    """Who has just left the queue for a slot: the other end of the way is marked there."""
    happening = pen.view.happening
    if happening is None or not pen.view.is_fresh(happening.instant) or not happening.admitted:
        return
    told, briefly = _travel_texts(pen.view.moment, happening.admitted)
    if text := _text_beside(row, told, spared) or _text_beside(row, briefly, 0):
        row.gap().add(f" {text} ", pen.now(happening.admitted[0][0]))


def _travel_texts(
    moment: Moment, admitted: Sequence[tuple[int, int]]
) -> tuple[list[str], list[str]]:
    """Who goes where, the fullest wording first; and what is said where it does not fit."""
    request, slot = admitted[0]
    who, more = names(moment, [row for row, _ in admitted]), len(admitted) - 1
    if moment.run.tells_iterations:
        text, together, go = f"{request_name(moment, request)} → slot {slot}", "→ slots", "→"
    else:
        text, together, go = f"{request_name(moment, request)} starts", "start", "start"
    if not more:
        return [text], [f"{who} {go}"]
    told = [f"{text}, {more} more", f"{text} +{more}", f"{who} {together}"]
    return told, [f"{who} {go}", f"{more + 1:,} {go}"]


def _add_evicted(row: Row, pen: LanePen, spared: int) -> None:
    """Who was evicted and comes back first, and what it has to redo."""
    request = next(iter(pen.view.evicted), None)
    if request is None:
        return
    name, lost = _waiting_words(pen, request, ages=False)
    if text := _text_beside(row, [f"{name} {lost}", name], spared):
        row.gap(2).add(text, pen.name(request))


def _text_beside(row: Row, texts: Sequence[str], spared: int) -> str:
    """The first text that leaves so many cells of the row; if none does, that fits at all."""
    rooms = (row.left - 3 - spared, row.left - 3)
    return next((text for room in rooms for text in texts if len(text) <= room), "")


def _queue_names(pen: LanePen, waiting: Sequence[int], room: int) -> list[Cells]:
    """Those who wait: with their ages if all fit so and it is still, else by name.

    Those for whom there is no room are counted.
    """
    if room < 1:
        return []
    if pen.view.still and len(waiting) * _SHORTEST_AGED <= room * pen.width:
        rows, shown = _packed(pen, waiting, room, ages=True)
        if shown == len(waiting):
            return rows
    return _packed(pen, waiting, room, ages=False)[0]


def _packed(
    pen: LanePen, waiting: Sequence[int], room: int, *, ages: bool
) -> tuple[list[Cells], int]:
    """The rows, and how many of those who wait are in them."""
    rows: list[Cells] = []
    row = pen.row()
    for position, request in enumerate(waiting):
        rest = f"+{len(waiting) - position:,}"
        words = _waiting_words(pen, request, ages=ages)
        needed = sum(len(word) + 1 for word in words)
        last = len(rows) == room - 1
        if last and position < len(waiting) - 1:
            needed += len(rest) + 1
        if needed > row.left - 1:
            if last:
                return [*rows, row.gap().add(rest, pen.muted).cells()], position
            rows.append(row.cells())
            row = pen.row()
        arrival = int(pen.view.moment.run.requests.arrival_time[request])
        pen.add_name(row, request, words[0], marked=pen.view.is_fresh(arrival))
        for word in words[1:]:
            row.gap().add(word, pen.muted)
        row.gap(ages or len(words) > 1)
    return [*rows, row.cells()], len(waiting)


def _waiting_words(pen: LanePen, request: int, *, ages: bool) -> list[str]:
    """The name of one who waits and its age; of one who was evicted, what it has to redo."""
    moment = pen.view.moment
    name = request_name(moment, request)
    if evicted := pen.view.evicted.get(request):
        lost = f"{evicted.lost:,} {'tokens ' if ages else ''}to redo"
        if evicted.found and ages:
            lost = f"{evicted.found:,} cached + {lost}"
        return [EVICTED + name, lost]
    age = moment.time - int(moment.run.requests.arrival_time[request])
    return [name, format_duration(age)] if ages else [name]
