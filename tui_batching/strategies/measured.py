"""The server of a log: no strategy to choose, but a lane beside those that are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.numbers import counted
from tui_batching.requests import Requests
from tui_batching.sim.measured import MeasuredRun, TokenTimes
from tui_batching.strategies.parameters import MAX_SLOTS
from tui_batching.strategies.strategy import About, Lesson, Strategy

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredServer(Strategy):
    """What a real server did, as its log tells: it has no parameters, and nothing is simulated.

    All columns have one row a request and are in picoseconds.

    Attributes:
        requests: that it served.
        start_time: when each was taken up; when it came, where that was not measured.
        first_token_time: when its first token was made.
        finish_time: when its last token was made.
        tells_start: whether it was measured when requests were taken up.
        tokens: when each token was made; None where that was not measured.
    """

    about: ClassVar[About] = About(
        name="measured",
        mark="M",
        colour=None,
        parameters=(),
        lesson=Lesson(
            idea="what the server did, as its log tells: nothing here is simulated",
            used_in="your server",
            complexity="a log with the time of each first and last token",
        ),
        iteration_level=True,
    )

    requests: Requests
    start_time: IntArray
    first_token_time: IntArray
    finish_time: IntArray
    tells_start: bool = True
    tokens: TokenTimes | None = None

    def __repr__(self) -> str:
        return f"MeasuredServer({counted(len(self.requests), 'request')})"

    def is_of(self, requests: Requests) -> bool:
        """Whether these are the requests that it served, as they came."""
        columns = ("arrival_time", "input_tokens", "output_tokens")
        return all(
            np.array_equal(getattr(self.requests, name), getattr(requests, name))
            for name in columns
        )

    def serve(self, requests: Requests, cost: Cost) -> Run:
        """The Run that the log tells.

        Raises:
            InputError: if these are other requests than the server's.
        """
        if not self.is_of(requests):
            raise InputError("found other requests than those of the log, expected the same ones")
        return MeasuredRun.of(self, requests, cost)

    @property
    def slots(self) -> int:
        """A log does not tell how many slots there were."""
        return MAX_SLOTS

    def with_slots(self, slots: int) -> Self:  # noqa: ARG002 - as every strategy has it
        """It stays as it was measured."""
        return self

    def wordings(self) -> tuple[tuple[str, ...], ...]:
        """What a title tells, in fewer and fewer words."""
        if self.tokens is None:
            spread = "tokens spread evenly (≈)", "tokens ≈"
            return *(("by the log", told) for told in spread), ("by the log",), ()
        return ("by the log",), ()
