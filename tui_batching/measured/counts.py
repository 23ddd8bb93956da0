"""How many requests ran and waited on a server, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tui_batching.clock import HORIZON, SECOND
from tui_batching.columns import IntArray, freeze
from tui_batching.errors import InputError
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import ServerLog
from tui_batching.sim.run import Run
from tui_batching.workload.model import ignore_progress
from tui_batching.workload.traces.layouts import Column, read_csv
from tui_batching.workload.traces.text import open_text
from tui_batching.workload.traces.values import seconds, tokens

TIMESERIES = "timeseries.csv"

_COLUMNS = (Column("t", seconds), Column("running", tokens), Column("waiting", tokens))
_MOST_SECONDS = 100_000


@dataclass(frozen=True, eq=False)
class Counts:
    """How many requests ran and waited at some instants.

    Attributes:
        instants: in picoseconds from the first arrival.
        running: requests that ran.
        waiting: requests that waited.
    """

    instants: IntArray
    running: IntArray
    waiting: IntArray


def counts_measured(log: ServerLog, path: Path, server: Server) -> Counts | None:
    """What the server counted, from `timeseries.csv` beside the log; or else what the log tells.

    Returns:
        None where neither tells it.

    Raises:
        InputError: if the file is not as expected.
    """
    beside = path.with_name(TIMESERIES)
    if beside.exists():
        return _read_counts(beside, log, server)
    if log.scheduled is None or not log.measured.all():
        return None
    instants = np.arange(0, log.end + 1, max(SECOND, log.end // _MOST_SECONDS))
    begun = _past(log.scheduled, instants)
    return Counts(
        freeze(instants),
        begun - _past(log.finish_time, instants),
        _past(log.requests.arrival_time, instants) - begun,
    )


def counts_simulated(run: Run, instants: IntArray) -> Counts:
    """How many requests run and wait in a Run at some instants."""
    running = _past(run.stays.start_time, instants) - _past(run.left, instants)
    here = _past(run.requests.arrival_time, instants) - _past(run.end_time, instants)
    return Counts(instants, running, here - running)


def _read_counts(path: Path, log: ServerLog, server: Server) -> Counts:
    """The seconds go from when the server was started, or else from the first arrival."""
    with open_text(path, ignore_progress) as text:
        blocks = [block.values for block in read_csv(_COLUMNS, text)]
    times, running, waiting = (
        [value for block in blocks for value in block[column] or ()]
        for column in range(len(_COLUMNS))
    )
    offset = 0
    if server.counting_began is not None and log.wall is not None:
        offset = server.counting_began - log.wall
    instants = [time + offset for time in times]
    if any(abs(instant) > HORIZON for instant in instants):
        raise InputError(f"{path}: found times over 106 days off the log's, expected those of it")
    return Counts(freeze(instants), freeze(running), freeze(waiting))


def _past(times: IntArray, instants: IntArray) -> IntArray:
    """How many of these times are past at each instant, itself included."""
    return np.searchsorted(np.sort(times), instants, side="right")
