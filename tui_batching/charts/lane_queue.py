"""The queue of a lane: how many wait, how long, and who they are."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.why import request_name
from tui_batching.charts.lane_pen import LanePen
from tui_batching.charts.lane_view import LaneView
from tui_batching.charts.rows import EVICTED, Cells, Row, first_that_fits
from tui_batching.clock import Picoseconds, format_duration

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
    row = pen.line().add("queue ", pen.muted).add(f"{len(waiting):,}", pen.strong)
    _add_travellers(row, pen)
    if waiting:
        longest = format_duration(_longest_wait(pen.view, waiting))
        texts = [f"longest wait {longest}", f"longest {longest}", ""]
        row.add_right(f"{first_that_fits(texts, row.left - 2)} ", pen.muted)
    return [row.cells(), *(_queue_names(pen, waiting, room - 1) if waiting else [])]


def _longest_wait(view: LaneView, waiting: Sequence[int]) -> Picoseconds:
    """How long the one has waited who has waited longest, be it since an eviction."""
    moment, evicted = view.moment, view.evicted
    in_order = not evicted and moment.run.place is None
    newcomers = waiting[:1] if in_order else [row for row in waiting if row not in evicted]
    waits = [facts.ago for facts in evicted.values()]
    if newcomers:
        waits.append(moment.time - int(moment.run.requests.arrival_time[min(newcomers)]))
    return max(waits)


def _add_travellers(row: Row, pen: LanePen) -> None:
    """Who has just left the queue for a slot: the other end of the way is marked there."""
    happening = pen.view.happening
    if happening is None or not pen.view.is_fresh(happening.instant) or not happening.admitted:
        return
    request, slot = happening.admitted[0]
    more = len(happening.admitted) - 1
    where = f"→ slot {slot}" if pen.view.moment.run.tells_iterations else "starts"
    text = f" {request_name(pen.view.moment, request)} {where}"
    texts = [f"{text}, {more} more ", f"{text} +{more} "] if more else [f"{text} "]
    text = first_that_fits([*texts, ""], row.left - 11)
    if text:
        row.gap(2).add(text, pen.now(request))


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
