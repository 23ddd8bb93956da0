"""The table of what strategies sustain, as data."""

from __future__ import annotations

from tui_batching.analysis.capacity import Capacities, Capacity
from tui_batching.analysis.metrics import Value, best_of, format_value
from tui_batching.analysis.service_level import limit_text
from tui_batching.analysis.tables import RATE, Cell, Group, Table, TableRow, caveats


def capacity_table(found: Capacities) -> Table:
    """The request rate that each strategy sustains, where that of a longer run lies, and of what.

    Of several limits it is told which one a little more load misses. An answer that is no rate is
    told in a word; the notes of the capacities tell why.
    """
    several = found.capacities
    ignoring = [each.ignores_memory for each in several]
    best = best_of(RATE, [each.rate or None for each in several], ignoring)
    words = [_answer(each) for each in several]
    limits = tuple(Cell(limit_text(each.limit) if each.limit else "") for each in several)
    rates: dict[str, list[Value]] = {
        "at least": [each.lowest for each in several],
        "at most": [each.highest for each in several],
        "saturation": [each.saturation for each in several],
    }
    rows = (
        TableRow("sustained", tuple(map(Cell, words, best))),
        *([TableRow("limited by", limits)] if len(found.asked.slo.limits) > 1 else ()),
        *(TableRow(name, tuple(map(_rate_cell, values))) for name, values in rates.items()),
    )
    played = (
        TableRow(name, tuple(Cell(f"{count:,}") for count in counts))
        for name, counts in (
            ("requests", [each.requests for each in several]),
            ("draws or pieces", [each.runs for each in several]),
        )
        if name == "requests" or max(counts) > 1
    )
    names = tuple(each.strategy.name for each in several)
    groups = (Group("Requests per second", rows), Group("Played at each load", tuple(played)))
    note = "; ".join(caveats(found.ignoring, found.without_cache, found.workload.cost))
    return Table(names, groups, note)


def _answer(capacity: Capacity) -> str:
    """A sustained rate, or a word for what is none."""
    if capacity.answer == "rate":
        return format_value(RATE, capacity.rate)
    return "any load" if capacity.answer == "any" else capacity.answer


def _rate_cell(rate: Value) -> Cell:
    return Cell("" if rate is None else format_value(RATE, rate))
