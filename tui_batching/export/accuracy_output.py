"""Measured against simulated, as JSON and CSV; times in seconds, errors as shares."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from typing import Any, TextIO

from tui_batching.clock import SECOND
from tui_batching.export.json_and_csv import SCHEMA, parameters
from tui_batching.measured.accuracy import TimeError, simulated_times
from tui_batching.measured.calibration import Calibration
from tui_batching.measured.replay import Replay
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import MEASURES, ServerLog


def write_calibration_json(made: Calibration, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`; `log` with `name`, `requests` and `measured`; `server` with `strategy`,
    `parameters` and where they come from; `coefficients`, each with `name` and in seconds `value`,
    `low` and `high`; `fitted` and `rest`, each with `requests` and `errors`; `rounds`, the misfit
    of each; and `doubts`, in sentences.
    """
    fit = made.fit
    record = {
        "schema": SCHEMA,
        "log": _log(made.fit.log),
        "server": _server(made.server),
        "coefficients": [
            {
                "name": each.name,
                "value": each.value / SECOND,
                "low": each.low / SECOND,
                "high": each.high / SECOND,
            }
            for each in fit.coefficients
        ],
        "fitted": {"requests": int(fit.fitted.sum()), "errors": _errors(made.fitted)},
        "rest": {"requests": int(made.rest_rows.sum()), "errors": _errors(made.rest)},
        "rounds": list(fit.rounds),
        "doubts": list(made.doubts),
    }
    out.write(json.dumps(record, allow_nan=False) + "\n")


def write_replay_json(made: Replay, out: TextIO) -> None:
    """Write one JSON object.

    Its keys: `schema`, `log` and `server` as of a calibration; `errors`; `worst`, the requests that
    are farthest off; `counts` at instants `t`, measured and simulated, or null; and `doubts`.
    """
    record = {
        "schema": SCHEMA,
        "log": _log(made.log),
        "server": _server(made.server),
        "errors": _errors(made.errors),
        "worst": [
            {"id": int(made.log.requests.id[each.row]), "e2el_error": each.error}
            for each in made.worst
        ],
        "counts": _counts(made),
        "doubts": list(made.doubts),
    }
    out.write(json.dumps(record, allow_nan=False) + "\n")


def write_replay_csv(made: Replay, out: TextIO) -> None:
    """Write CSV with a row a request; empty is what was not measured, and the TPOT of one token."""
    names = [name.lower() for name in MEASURES]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        (
            "id",
            "arrival_time",
            "input_tokens",
            "output_tokens",
            *(f"{name}_{kind}" for kind in ("measured", "simulated") for name in names),
            "evictions_simulated",
        )
    )
    log, requests = made.log, made.log.requests
    measured = log.times().T / SECOND
    simulated = simulated_times(made.run).T / SECOND
    measured[~log.measured] = math.nan
    for row in range(len(log)):
        times = (*measured[row].tolist(), *simulated[row].tolist())
        writer.writerow(
            (
                requests.id[row],
                f"{requests.arrival_time[row] / SECOND:.9f}",
                requests.input_tokens[row],
                requests.output_tokens[row],
                *("" if math.isnan(time) else f"{time:.9f}" for time in times),
                made.run.evictions[row],
            )
        )


def _log(log: ServerLog) -> dict[str, Any]:
    return {
        "name": log.name,
        "requests": len(log),
        "measured": int(log.measured.sum()),
        "notices": list(log.notices),
    }


def _server(server: Server) -> dict[str, Any]:
    return {
        "strategy": server.engine.name,
        "parameters": parameters(server.engine),
        "notes": list(server.notes),
    }


def _errors(errors: Sequence[TimeError]) -> list[dict[str, Any]]:
    return [
        {
            "measure": each.measure,
            "statistic": each.statistic,
            "measured": each.measured / SECOND,
            "simulated": each.simulated / SECOND,
            "error": each.error,
            "low": each.low,
            "high": each.high,
        }
        for each in errors
    ]


def _counts(made: Replay) -> dict[str, list[float]] | None:
    if made.counted is None:
        return None
    measured, simulated = made.counted
    return {
        "t": (measured.instants / SECOND).tolist(),
        "running_measured": measured.running.tolist(),
        "running_simulated": simulated.running.tolist(),
        "waiting_measured": measured.waiting.tolist(),
        "waiting_simulated": simulated.waiting.tolist(),
    }
