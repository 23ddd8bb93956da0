"""The slowest requests of a Run, each with where its time went and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_batching.analysis.breakdown import lost_part, refuse_log, refuse_no_run
from tui_batching.analysis.why_request import why_request
from tui_batching.analysis.worst import MEASURES, Measure, Ranking, instant_of_why, parts_within
from tui_batching.clock import SECOND, Picoseconds, format_duration
from tui_batching.errors import InputError, one_of
from tui_batching.reading.fields import Field
from tui_batching.sim.run import Run


@dataclass(frozen=True, repr=False)
class SlowRequest:
    """One of the slowest requests by a measure.

    Attributes:
        id: of the request.
        value: of the measure, in seconds.
        time: the instant at which to look for why.
        parts: of the value, in seconds by name; they sum to it.
        why: what it does at that instant, and what makes it so slow.
        lost: what its stalled part is called for people: `stalled`, or `slowed` where prompts are
            processed beside decodes.
    """

    id: int
    value: float
    time: Picoseconds
    parts: Mapping[str, float]
    why: str
    lost: str

    def __repr__(self) -> str:
        at, value = format_duration(self.time), format_duration(round(self.value * SECOND))
        return f"SlowRequest(R{self.id}: {value}; at {at}: {self.why})"


def slowest(run: Run, measure: Measure | str = "ttft", count: int = 10) -> tuple[SlowRequest, ...]:
    """The slowest requests, the worst first; of equally slow ones who arrived first.

    Args:
        run: whose requests.
        measure: by what, or its name: `ttft`, `tpot` or `e2el`.
        count: how many; fewer if there are no more that have it.

    Raises:
        InputError: if this is no Run, or that of a log, there is no such measure, or the count is
            no whole number from 1.
    """
    refuse_no_run(run)
    refuse_log(run)
    count = Field.of_value(count, "count").whole(least=1)
    if not isinstance(measure, Measure):
        measure = _measure_called(measure)
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
                lost=lost_part(run),
            )
        )
    return tuple(found)


def _measure_called(name: object) -> Measure:
    known = {measure.name: measure for measure in MEASURES}
    if not isinstance(name, str) or name not in known:
        raise InputError(f"measure: found {name!r}, expected {one_of(known)}")
    return known[name]
