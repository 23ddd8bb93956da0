"""What one iteration costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui_batching.clock import HORIZON, MILLISECOND, Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError


@dataclass(frozen=True, slots=True)
class LinearCost:
    """Prefill grows with the prompt, a decode step with the number of requests billed.

    Attributes:
        prefill_per_token: time to process one prompt token.
        decode_step: time of one decode step of a single request.
        per_extra_request: what each further request adds to a decode step.

    Raises:
        InputError: if a time is negative or beyond the clock, or a decode step takes no time.
    """

    prefill_per_token: Picoseconds = MILLISECOND
    decode_step: Picoseconds = 20 * MILLISECOND
    per_extra_request: Picoseconds = 2 * MILLISECOND

    def __post_init__(self) -> None:
        if min(self.prefill_per_token, self.per_extra_request) < 0:
            raise InputError("expected costs that are not negative")
        if max(self.prefill_per_token, self.decode_step, self.per_extra_request) > HORIZON:
            raise InputError("expected costs of at most 106 days (the clock's horizon)")
        if self.decode_step <= 0:
            raise InputError("expected a decode_step longer than zero")

    def prefill_times(self, input_tokens: IntArray) -> IntArray:
        """The prefill time of each prompt alone, in picoseconds."""
        longest = int(input_tokens.max(initial=0))
        if longest * self.prefill_per_token > HORIZON:
            raise InputError(f"the prefill of {longest} tokens lasts beyond the clock's 106 days")
        return input_tokens * np.int64(self.prefill_per_token)

    def step_time(self, billed: int) -> Picoseconds:
        """The time of one decode step with `billed` >= 1 requests in the batch."""
        return self.decode_step + self.per_extra_request * (billed - 1)
