"""What the requests of a log share: a trace of the same requests tells it, the log does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tui_batching.errors import InputError
from tui_batching.measured.server_log import ServerLog
from tui_batching.printable import printable
from tui_batching.workload.workload_files import find_workload


def with_contents(log: ServerLog, path: str | Path) -> ServerLog:
    """The log of requests that begin as those of a trace or a workload file do.

    Args:
        log: what was measured.
        path: the trace, with the same requests in the same rows; its arrivals are not looked at.

    Raises:
        InputError: if it cannot be read, or its requests are others.
    """
    told = find_workload(Path(path)).requests
    rows, own = np.argsort(told.id), log.requests
    place = np.minimum(np.searchsorted(told.id[rows], own.id), len(told) - 1)
    same = told.part(rows[place])
    lengths = ("id", "input_tokens", "output_tokens")
    alike = [getattr(same, name) == getattr(own, name) for name in lengths]
    if not np.all(alike):
        row = int(np.argmin(np.all(alike, axis=0)))
        raise InputError(
            f"{path}: found other requests than those of {log.name}, expected in row {own.id[row]} "
            f"a prompt of {own.input_tokens[row]:,} and an answer of {own.output_tokens[row]:,} "
            "tokens"
        )
    notice = f"{printable(Path(path).name)} tells what the prompts share"
    requests = replace(
        own, stream=same.stream, stream_tokens=same.stream_tokens, streams=same.streams
    )
    return replace(log, requests=requests, notices=(*log.notices, notice))
