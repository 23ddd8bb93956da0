"""A fit with its errors, on the requests it was fitted to and on the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_batching.columns import BoolArray
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.measured.accuracy import TimeError, errors_of
from tui_batching.measured.contents import with_contents
from tui_batching.measured.doubts import causes, doubts
from tui_batching.measured.fit import Fit, fit
from tui_batching.measured.profile_text import profile_text
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import META, Server, server_of
from tui_batching.measured.server_log import ServerLog
from tui_batching.workload.profiles import parse_profile


@dataclass(frozen=True, eq=False)
class Calibration:
    """What an iteration costs, and how far that is right.

    Attributes:
        server: whose times were fitted.
        fit: the prices.
        rest_rows: the requests that were measured and not fitted.
        fitted: the errors of the requests that were fitted.
        rest: those of the others.
        doubts: when not to trust this, and why errors are what they are, in sentences.
    """

    server: Server
    fit: Fit
    rest_rows: BoolArray
    fitted: tuple[TimeError, ...]
    rest: tuple[TimeError, ...]
    doubts: tuple[str, ...]

    @property
    def cost(self) -> Cost:
        """The prices, for `Workload.with_cost`; the same as the profile read from its file."""
        return parse_profile(self.profile, f"calibrated to {self.fit.log.name}", "calibrated")

    @property
    def profile(self) -> str:
        """The prices as the text of a profile."""
        return profile_text(self.fit, self.server, self.rest or self.fitted)


def calibrate(
    log: str | Path,
    engine: str = "vllm",
    settings: Mapping[str, object] | Iterable[str] = (),
    train: float = 1.0,
    contents: str | Path | None = None,
) -> Calibration:
    """Read the log of a server, fit what an iteration costs to it, and test it on the rest.

    Args:
        log: the file; beside it may stand `META` with the settings of the server.
        engine: what served it, by its name.
        settings: of the engine, which go before all else: `{"max_num_seqs": 128}`, or as text,
            `["max_num_seqs=128"]`.
        train: the share of the requests, in order of arrival, whose times may be used.
        contents: a trace of the same requests, row by row, that tells what their prompts share.

    Raises:
        InputError: if the log, the engine or a setting is not as expected; see also `fit`.
    """
    if not 0 < train <= 1:
        raise InputError(f"train: found {train!r}, expected a share above 0 and at most 1")
    path = Path(log)
    if isinstance(settings, Mapping):
        settings = [f"{key}={value}" for key, value in settings.items()]
    read = read_log(path)
    if contents is not None:
        read = with_contents(read, contents)
    server = server_of(read, path.with_name(META), engine, list(settings), read.first_rows(train))
    return calibrate_log(read, server, train)


def calibrate_log(
    log: ServerLog,
    server: Server,
    share: float,
    progress: Callable[[float], None] = lambda _: None,
) -> Calibration:
    """Fit what an iteration costs to the first requests of a log, and test it on the rest.

    Args:
        log: what was measured.
        server: whose times they are.
        share: of the requests, in order of arrival, whose times may be used.
        progress: is told the share that is done.

    Raises:
        InputError: see `fit`.
    """
    found = fit(log, server.engine, log.first_rows(share), progress)
    others = log.measured & ~found.fitted
    fitted, rest = (errors_of(log, found.run, rows) for rows in (found.fitted, others))
    told = (*doubts(log, found.run, server), *causes(rest or fitted, found.run))
    return Calibration(server, found, others, fitted, rest, told)
