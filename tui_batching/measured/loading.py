"""Reading workloads, those of a server's log with what it measured."""

from __future__ import annotations

from pathlib import Path

from tui_batching.workload import Workload, load_workload
from tui_batching.workload.traces import TraceRequests


def load_with_log(name_or_path: str | Path) -> Workload:
    """Read a workload as `load_workload` does; beside a server's log, what was measured has a lane.

    Raises:
        InputError: as `load_workload` does.
    """
    workload = load_workload(name_or_path)
    if not isinstance(workload.source, TraceRequests):
        return workload
    from tui_batching.measured.logged import with_measured_lane  # noqa: PLC0415 - for logs alone

    return with_measured_lane(workload)
