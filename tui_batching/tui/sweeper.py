"""Sweeping in the background: one sweep at a time, remembered by what it depends on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from typing import Protocol

from tui_batching.analysis.sweeps import (
    Kind,
    Plan,
    Sweep,
    plan_sweep,
    run_sweep,
    unvaried,
)
from tui_batching.analysis.sweeps.varied import LOAD
from tui_batching.cost import Cost
from tui_batching.errors import InputError, sentence_of
from tui_batching.executors import CountDone, OwnTasks, Workers
from tui_batching.strategies import Strategy
from tui_batching.tui.background import Cancellable, StartWork, aside
from tui_batching.workload.model import Source, Workload
from tui_batching.workload.service_level import ServiceLevel

SLOW_SECONDS = 0.4
"""A sweep that takes longer shows how far it is."""
_REMEMBERED = 32


class Processes(Protocol):
    """Where sweeps run; see `Workers`."""

    def executor_for(self, requests_served: int) -> Executor | None:
        """Where to run so much work; None where it is best done in this process."""
        ...

    def stop(self) -> None:
        """End all of it at once."""
        ...


@dataclass(frozen=True)
class SweepState:
    """What there is to see of a sweep.

    Attributes:
        sweep: the finished one; of the parameters before while the present one is under way.
        under_way: whether the present one is.
        share: how much of it is done, from 0 to 1; None as long as it has not taken long.
        seconds_left: how long it will probably take; None before anything is done.
        refused: why there is none, in one sentence; else empty.
    """

    sweep: Sweep | None
    under_way: bool = False
    share: float | None = None
    seconds_left: float | None = None
    refused: str = ""


@dataclass(frozen=True)
class _Inputs:
    """All that the outcome of a sweep depends on."""

    kind: Kind
    name: str
    source: Source
    cost: Cost
    strategies: tuple[Strategy, ...]
    slo: ServiceLevel | None

    @classmethod
    def of(cls, kind: Kind, workload: Workload) -> _Inputs:
        name, source = workload.name, workload.source
        return cls(kind, name, source, workload.cost, workload.strategies, workload.slo)


@dataclass
class _Running:
    """The sweep under way."""

    inputs: _Inputs
    since: float
    done: int = 0
    total: int = 0

    def progress(self, now: float) -> tuple[float | None, float | None]:
        """The share that is done and the seconds left, as in `SweepState`."""
        elapsed = now - self.since
        if elapsed < SLOW_SECONDS:
            return None, None
        if not self.done:
            return 0.0, None
        return self.done / self.total, elapsed / self.done * (self.total - self.done)


class Sweeper:
    """Makes the sweeps that are wanted of what is shown.

    A change of what is shown cancels a sweep that depends on what has changed.

    Args:
        start_work: where to work.
        changed: called when a sweep is finished, or farther than before.

    Attributes:
        processes: where long sweeps run.
    """

    def __init__(self, start_work: StartWork, changed: Callable[[], object]) -> None:
        self.processes: Processes = Workers()
        self._start_work = start_work
        self._changed = changed
        self._inputs: dict[Kind, _Inputs] = {}
        self._workload: Workload | None = None
        self._at_own_load: Workload | None = None
        self._finished: list[tuple[_Inputs, Sweep | str]] = []
        self._seen: dict[tuple[Kind, str], Sweep] = {}
        self._under_way: _Running | None = None
        self._work: Cancellable | None = None

    def load(self, workload: Workload, at_own_load: Workload) -> None:
        """Sweep from now on what is shown.

        A sweep does not depend on the present value of what it varies: where that alone has
        changed, the same curves stay and what is present moves along them.

        Args:
            workload: what is served.
            at_own_load: the same before its load was turned, to which loads are relative.
        """
        self._workload, self._at_own_load = workload, at_own_load
        self._inputs = {}
        running = self._under_way
        if running is not None and running.inputs != self._inputs_of(running.inputs.kind):
            self._cancel()

    def _workload_of(self, kind: Kind) -> Workload | None:
        """What a sweep of this kind serves; None before anything is shown."""
        workload = self._at_own_load if kind == LOAD else self._workload
        return workload and unvaried(workload, kind)

    def _inputs_of(self, kind: Kind) -> _Inputs | None:
        """What that sweep depends on."""
        if kind not in self._inputs and (workload := self._workload_of(kind)):
            self._inputs[kind] = _Inputs.of(kind, workload)
        return self._inputs.get(kind)

    def want(self, kind: Kind) -> None:
        """Start a sweep of this kind, unless it is finished or under way; no other one goes on."""
        inputs, workload = self._inputs_of(kind), self._workload_of(kind)
        running = self._under_way
        if not (inputs and workload) or (running is not None and running.inputs == inputs):
            return
        self._cancel()
        known = self._known(inputs)
        if isinstance(known, Sweep):
            self._seen[inputs.kind, inputs.name] = known
        elif known is None:
            self._under_way = running = _Running(inputs, _now())
            self._work = self._start_work(self._sweep(running, workload))

    def state(self, kind: Kind) -> SweepState | None:
        """What there is to see of the sweep of this kind; None before anything is shown."""
        inputs = self._inputs_of(kind)
        if inputs is None:
            return None
        known = self._known(inputs)
        if isinstance(known, Sweep):
            return SweepState(known)
        if known is not None:
            return SweepState(None, refused=known)
        share, left = self._under_way.progress(_now()) if self._under_way else (None, None)
        seen = self._seen.get((inputs.kind, inputs.name))
        return SweepState(seen, under_way=True, share=share, seconds_left=left)

    def forget_seen(self) -> None:
        """Show no sweep of earlier parameters while the next one is made."""
        self._seen.clear()

    def stop(self) -> None:
        """End what is under way, and leave no process behind."""
        self._cancel()
        self.processes.stop()

    async def _sweep(self, running: _Running, workload: Workload) -> None:
        telling = asyncio.create_task(self._keep_telling())
        try:
            outcome = await self._outcome(running, workload)
        finally:
            telling.cancel()
        inputs = running.inputs
        self._finished = [*self._finished, (inputs, outcome)][-_REMEMBERED:]
        if isinstance(outcome, Sweep):
            self._seen[inputs.kind, inputs.name] = outcome
        self._under_way = self._work = None
        self._changed()

    async def _keep_telling(self) -> None:
        """Let it be shown how far the sweep is, and how long it will probably take."""
        while True:
            await asyncio.sleep(SLOW_SECONDS)
            self._changed()

    async def _outcome(self, running: _Running, workload: Workload) -> Sweep | str:
        """The sweep; or why there is none, in one sentence."""
        try:
            plan = await aside(plan_sweep, workload, running.inputs.kind)
            return await self._run(plan, running)
        except (InputError, MemoryError) as error:
            return sentence_of(error)
        except BrokenExecutor:
            self.processes.stop()  # the next sweep starts new ones
            return "a process was ended from outside, perhaps for want of memory"

    async def _run(self, plan: Plan, running: _Running) -> Sweep:
        executor = self.processes.executor_for(plan.requests_served)
        share = None if executor is None else OwnTasks(executor)
        try:
            return await aside(run_sweep, plan, share, self._note(running))
        finally:
            if share is not None:
                share.cancel()

    def _note(self, running: _Running) -> CountDone:
        """Keeps in mind how far a sweep is, and ends it once it is cancelled."""

        def note(done: int, total: int) -> None:
            if self._under_way is not running:
                raise asyncio.CancelledError
            running.done, running.total = done, total

        return note

    def _known(self, inputs: _Inputs) -> Sweep | str | None:
        """The finished sweep of these inputs, or why there is none."""
        return next((outcome for known, outcome in self._finished if known == inputs), None)

    def _cancel(self) -> None:
        work, self._work, self._under_way = self._work, None, None
        if work is not None:
            work.cancel()


def _now() -> float:
    """By the clock of those who wait for the sweep, in seconds."""
    return asyncio.get_running_loop().time()
