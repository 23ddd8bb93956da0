"""A server's log as a workload: what was measured has a lane beside what is simulated."""

from __future__ import annotations

from dataclasses import replace

from tui_batching.analysis.tables import error_text
from tui_batching.columns import exact_sum
from tui_batching.cost import Cost, Profile
from tui_batching.errors import InputError, sentence_of
from tui_batching.measured.accuracy import step_errors
from tui_batching.measured.fit import FEWEST, quick_fit
from tui_batching.measured.profile_text import ranges_seen
from tui_batching.measured.reading import read_log, tells_times
from tui_batching.measured.server import META, Server, server_of
from tui_batching.measured.server_log import ServerLog
from tui_batching.strategies import DEFAULT_STRATEGIES, MeasuredServer
from tui_batching.workload.model import COST, Note, Workload
from tui_batching.workload.traces import TraceRequests

ENGINE = "vllm"
"""What serves beside a log that does not tell what wrote it."""

_FITTED = 1000
"""Requests that prices are fitted to, at most: they have to be there at once."""


def with_measured_lane(workload: Workload) -> Workload:
    """A workload of a log's requests with a lane of what was measured.

    Where nobody has said what serves, that is vLLM as the server was set up; and where nobody has
    said what an iteration costs, the prices are fitted to the log. Any other workload, and one of a
    log that is not as expected, stays as it is; of such a log it is told why.

    Args:
        workload: as it was loaded.
    """
    source = workload.source
    if not isinstance(source, TraceRequests):
        return workload
    path = source.trace.path
    try:
        if not tells_times(path):
            return workload
    except InputError:
        return workload  # other columns, which are told later, or to be refused where it is read
    try:
        log = read_log(path)
        return _beside(log, server_of(log, path.with_name(META), ENGINE, ()), workload)
    except InputError as error:
        note = Note(f"nothing measured is shown: {sentence_of(error)}")
        return replace(workload, notes=(*workload.notes, note))


def _beside(log: ServerLog, server: Server, workload: Workload) -> Workload:
    """The workload with the lane, and with what serves beside it where nobody has said that.

    Raises:
        InputError: if the engine cannot serve the log, some requests lack their times, or it is not
            the log that is served.
    """
    missing = len(log) - int(log.measured.sum())
    if missing:
        raise InputError(
            f"{log.name}: found {missing:,} of {len(log):,} requests without all times, "
            "expected all of them"
        )
    lane = _lane(log)
    if not lane.is_of(workload.requests):
        raise InputError(
            f"{log.name}: found other requests or arrivals than are served here, expected all of "
            "the log, of a client that held none back"
        )
    notes = []
    usual = [each.name for each in DEFAULT_STRATEGIES]
    if [each.name for each in workload.strategies] == usual and workload.assumed.issuperset(usual):
        assumed = workload.assumed.difference(usual)
        workload = replace(workload, strategies=(server.engine,), assumed=assumed)
        told = f"served as by {server.engine.name}, {_set_up(server)}"
        notes.append(Note(told, workload.strategies))
    if COST in workload.assumed and len(log) >= FEWEST:
        head = log.head(_FITTED)
        cost, off = _fitted(head, server)
        workload = workload.with_cost(cost)
        whose = "the log" if head is log else f"the first {len(head):,} requests of the log"
        told = (
            f"an iteration costs what fits {whose}: the mean latency is {error_text(off)} off; "
            "calibrate and replay tell more"
        )
        notes.append(Note(told, cost))
    return replace(workload, measured=lane, notes=(*workload.notes, *notes))


def _set_up(server: Server) -> str:
    """Where its settings come from; what META tells is told in the titles of lanes and tables."""
    told = (f"set up as {META} says" if note.startswith(META) else note for note in server.notes)
    return "; ".join(told) or "set up by default"


def _fitted(log: ServerLog, server: Server) -> tuple[Cost, float]:
    """What an iteration costs, and how far the mean latency is off with it, as a share."""
    cost, run = quick_fit(log, server.engine)
    mean_error, max_error = step_errors(log, run)
    seen = ranges_seen(run, log.measured)
    profile = Profile(
        name=f"fitted to {log.name}",
        description=server.description,
        source=f"fitted to {log.name}",
        batch=seen.get("batch"),
        context=seen.get("context"),
        tokens=seen.get("tokens"),
        mean_error=mean_error,
        max_error=max_error,
    )
    arrival = log.requests.arrival_time
    measured, simulated = (exact_sum(end - arrival) for end in (log.finish_time, run.finish_time))
    known = replace(cost, profile=profile, kv_cache_tokens=server.kv_cache_tokens)
    return known, simulated / measured - 1


def _lane(log: ServerLog) -> MeasuredServer:
    return MeasuredServer(
        requests=log.requests,
        start_time=log.requests.arrival_time if log.scheduled is None else log.scheduled,
        first_token_time=log.first_token_time,
        finish_time=log.finish_time,
        tells_start=log.scheduled is not None,
        tokens=log.tokens,
    )
