"""The slowest requests of a Run, each with where its time went and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_batching.analysis.why_request import why_request
from tui_batching.analysis.worst import Measure, Ranking, instant_of_why, parts_within
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.sim.run import Run


@dataclass(frozen=True)
class SlowRequest:
    """One of the slowest requests by a measure.

    Attributes:
        id: of the request.
        value: of the measure, in seconds.
        time: the instant at which to look for why.
        parts: of the value, in seconds by name; they sum to it.
        why: what it does at that instant, and what makes it so slow.
    """

    id: int
    value: float
    time: Picoseconds
    parts: Mapping[str, float]
    why: str


def slowest(run: Run, measure: Measure, count: int) -> tuple[SlowRequest, ...]:
    """The slowest requests, the worst first; of equally slow ones who arrived first.

    Args:
        run: whose requests.
        measure: by what.
        count: how many; fewer if there are no more that have it.
    """
    ranking = Ranking.of(measure, [run])
    rows = ranking.order[:count]
    units = measure.units(run)[rows] * float(SECOND)
    parts = {name: column / units for name, column in parts_within(measure, run, rows).items()}
    found: list[SlowRequest] = []
    for place, row in enumerate(rows.tolist()):
        time = instant_of_why(measure, run, row)
        found.append(
            SlowRequest(
                id=int(run.requests.id[row]),
                value=float(ranking.values[row]) / SECOND,
                time=time,
                parts={name: float(column[place]) for name, column in parts.items()},
                why=why_request(run.at(time), row),
            )
        )
    return tuple(found)
