"""A fit with its errors, on the requests it was fitted to and on the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_batching.columns import BoolArray
from tui_batching.measured.accuracy import TimeError, errors_of
from tui_batching.measured.doubts import causes, doubts
from tui_batching.measured.fit import Fit, fit
from tui_batching.measured.profile_text import profile_text
from tui_batching.measured.server import Server
from tui_batching.measured.server_log import ServerLog


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
    def profile(self) -> str:
        """The prices as the text of a profile."""
        return profile_text(self.fit, self.server, self.rest or self.fitted)


def calibrate(
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
