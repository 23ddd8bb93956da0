"""Places to go to on stage, as they are written: a request, an instant, or a step."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tui_batching.analysis.scene import Scene
from tui_batching.clock import Picoseconds, instant_text, parse_duration
from tui_batching.errors import InputError
from tui_batching.printable import quoted
from tui_batching.requests import ID_DIGITS
from tui_batching.sim.run import Run

EXAMPLES = "R17, 12.5s or step 300"
"""A request, an instant and a step, as they are written."""
_REQUEST = re.compile(rf"[Rr]\s*(\d{{1,{ID_DIGITS}}})")
_STEP = re.compile(r"(?:step|#)\s*([\d,]{1,24})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go.

    Attributes:
        time: the instant.
        row: of the request that is meant, or None.
    """

    time: Picoseconds
    row: int | None = None


def read_place(text: str, scene: Scene, run: Run) -> Place:
    """The place that is meant: the arrival of a request, an instant, or the start of a step.

    Args:
        text: what is written.
        scene: what is on stage.
        run: whose steps are meant, numbered as its lane tells them.

    Raises:
        InputError: if there is no such place.
    """
    written = text.strip()
    if request := _REQUEST.fullmatch(written):
        return _request(int(request[1]), scene)
    if step := _STEP.fullmatch(written):
        return Place(_step(int(step[1].replace(",", "") or 0), run))
    try:
        time = parse_duration(written.replace(",", ""))
    except InputError:
        raise InputError(f"found {quoted(written)}, expected a place such as {EXAMPLES}") from None
    found, end = (instant_text(instant, scene.end) for instant in (time, scene.end))
    if time > scene.end and found != end:
        raise InputError(f"found {found} s, expected an instant up to {end} s, the end")
    return Place(min(time, scene.end))


def _request(number: int, scene: Scene) -> Place:
    requests = scene.workload.requests
    rows = np.flatnonzero(requests.id == number)
    if not len(rows):
        first, last = int(requests.id.min()), int(requests.id.max())
        raise InputError(f"found no R{number}, expected one of the requests R{first} to R{last}")
    return Place(int(requests.arrival_time[rows[0]]), int(rows[0]))


def _step(number: int, run: Run) -> Picoseconds:
    if not run.tells_iterations:
        raise InputError(f"found step {number:,}, expected no step: {run.strategy.name} has none")
    engine, spans = run.strategy.is_engine, run.spans
    time = spans.iteration_start(number) if engine else spans.decode_step_start(number)
    if time is None:
        end = np.array([run.finished])
        last = int((spans.iterations_at(end) if engine else spans.decode_steps_at(end))[0])
        name = run.strategy.name
        raise InputError(f"found step {number:,}, expected one from 1 to {last:,} of {name}")
    return time
