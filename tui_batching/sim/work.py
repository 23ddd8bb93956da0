"""What requests take of the server: each alone, and batches of them that run to their longest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from tui_batching.clock import Picoseconds, refuse_beyond_horizon
from tui_batching.columns import IntArray
from tui_batching.cost import Cost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.steps import time_of, times_of

Service: TypeAlias = Callable[[int, int], Picoseconds]
"""How long the batch of the rows from the first number up to before the second one lasts."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches of consecutive requests, one row a batch.

    Finished members are billed, and their contexts grow, until the batch is done: real static
    batching computes them on as padding.

    Attributes:
        first: row of the first member.
        size: number of members.
        prefill: time of the joint prefill, in picoseconds.
        steps: decode steps, those of the longest answer.
        step_time: of the first decode step, billed for all members, in picoseconds.
        step_growth: how much longer each further step is than the one before it.
    """

    first: IntArray
    size: IntArray
    prefill: IntArray
    steps: IntArray
    step_time: IntArray
    step_growth: IntArray

    @property
    def service(self) -> IntArray:
        """From start to end of each batch, in picoseconds."""
        return self.prefill + times_of(self.steps, self.step_time, self.step_growth)


@dataclass(frozen=True, eq=False)
class Work:
    """What each request takes, as columns with one row a request.

    Attributes:
        cost: what an iteration costs.
        step_times: of a decode step by the number billed, without contexts; from 0 to the most.
        prefill: of the prompt alone, in picoseconds.
        steps: decode steps that the answer takes.
        context: tokens in the first of them.
    """

    cost: Cost
    step_times: IntArray
    prefill: IntArray
    steps: IntArray
    context: IntArray

    @classmethod
    def of(cls, requests: Requests, cost: Cost, batch_size: int) -> Work:
        """What the requests take of a server with this many slots.

        Raises:
            InputError: if a prefill or a decode step would last beyond the clock, or a prefill
                that makes a token would take no time.
        """
        prefill = cost.prefill_times(requests.input_tokens)
        if cost.made_by_prefill and not prefill.all():
            row = int(np.argmin(prefill))
            raise InputError(
                f"request {row}: the prefill of its {requests.input_tokens[row]} tokens takes no "
                "time, expected some where it makes the first token (first_token: prefill)"
            )
        return cls(
            cost=cost,
            step_times=step_times_up_to(min(batch_size, len(requests)), cost),
            prefill=prefill,
            steps=cost.decode_steps(requests.output_tokens),
            context=cost.first_contexts(requests.input_tokens),
        )

    @property
    def most(self) -> int:
        """The most requests that can run at once."""
        return len(self.step_times) - 1

    def padded(self) -> Work:
        """The same, with every answer as long as the longest of all."""
        return replace(self, steps=np.full_like(self.steps, self.steps.max()))

    def batches(self, first: IntArray, rows: slice = slice(None)) -> Batches:
        """Cut these rows into batches before each of `first`, which is counted within them.

        Where a batch lasts beyond the clock its times are wrong; see `service`.
        """
        size = np.diff(first, append=len(self.steps[rows]))
        step_time, per_token = self.step_times[size], self.cost.decode_per_context_token
        if per_token:
            step_time += per_token * np.add.reduceat(self.context[rows], first)
        return Batches(
            first=first,
            size=size,
            prefill=self.cost.joint_prefills(self.prefill[rows], first),
            steps=np.maximum.reduceat(self.steps[rows], first),
            step_time=step_time,
            step_growth=per_token * size,
        )

    def service(self, begin: int = 0) -> Service:
        """How long any one batch lasts, on Python's integers, which never overflow.

        Args:
            begin: the row from which rows are counted.
        """
        prefills: list[int] = self.prefill[begin:].tolist()
        decode_steps: list[int] = self.steps[begin:].tolist()
        contexts: list[int] = self.context[begin:].tolist()
        step_times: list[int] = self.step_times.tolist()
        joint_prefill, per_token = self.cost.joint_prefill, self.cost.decode_per_context_token

        def service(first: int, after: int) -> Picoseconds:
            steps = max(decode_steps[first:after])
            return joint_prefill(prefills[first:after]) + steps * step_times[after - first]

        def service_by_context(first: int, after: int) -> Picoseconds:
            steps = max(decode_steps[first:after])
            reading = per_token * sum(contexts[first:after])
            return service(first, after) + time_of(steps, reading, per_token * (after - first))

        return service_by_context if per_token else service

    def longest_service(self) -> Picoseconds:
        """What no batch of any requests here lasts longer than."""
        size, steps = self.most, int(self.steps.max())
        per_token = self.cost.decode_per_context_token
        first = int(self.step_times[size]) + per_token * size * int(self.context.max())
        prefill = self.cost.joint_prefill([int(self.prefill.max())] * size)
        return prefill + time_of(steps, first, per_token * size)


def step_times_up_to(most: int, cost: Cost) -> IntArray:
    """The time of one decode step by the number billed, without contexts; from 0 (none) to `most`.

    Raises:
        InputError: if even one step would last beyond the clock.
    """
    refuse_beyond_horizon(cost.step_time(most))
    return np.array([0, *map(cost.step_time, range(1, most + 1))], np.int64)
