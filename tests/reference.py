"""The trusted slow simulator: one token at a time over request objects.

It is the rules that `tui_batching.sim` tells, written down as plainly as they read, and shares no
code and no trick with it. The laws are checked against it, and it is the baseline
of the benchmarks. All times are whole picoseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_batching.cost import Cost, LinearCost
from tui_batching.requests import Requests
from tui_batching.strategies import Continuous, Dynamic, Static, Strategy


@dataclass(slots=True)
class Served:
    """One request and what became of it.

    Attributes:
        made: tokens made so far.
        padding: decode steps it was computed on after its last token.
        token_times: when each token was made; left empty without a log.
    """

    row: int
    arrival: int
    input_tokens: int
    output_tokens: int
    start: int = -1
    first_token: int = -1
    finish: int = -1
    end: int = -1
    slot: int = -1
    made: int = 0
    padding: int = 0
    token_times: list[int] = field(default_factory=list)


class Iteration(NamedTuple):
    """One decode step, or one idle, forming or prefill interval; `kind` is its name."""

    kind: str
    start: int
    end: int
    billed: int


class Server:
    """A clock that moves by whole iterations.

    With `log` it keeps every iteration and every token's time; the benchmarks go without.
    """

    def __init__(self, cost: Cost, log: bool = True) -> None:
        self.cost = cost
        self.log = log
        self.now = 0
        self.iterations: list[Iteration] = []

    def spend(self, kind: str, time: int, billed: int = 0) -> None:
        if self.log and time > 0:
            self.iterations.append(Iteration(kind, self.now, self.now + time, billed))
        self.now += time

    def wait_until(self, kind: str, time: int) -> None:
        self.spend(kind, max(0, time - self.now))

    def prefill(self, requests: Sequence[Served]) -> None:
        """Process these prompts together."""
        prompts, cost = [request.input_tokens for request in requests], self.cost
        if isinstance(cost, LinearCost):
            time = cost.per_iteration + max(cost.prefill_per_token * n for n in prompts)
        else:
            time = cost.per_iteration + cost.prefill_base
            for n in prompts:
                time += cost.prefill_per_token * n + cost.prefill_per_token_squared * n * n
        self.spend("prefill", time, len(requests))
        if cost.first_token == "prefill":
            self.make_tokens(requests)

    def decode(self, billed: Sequence[Served]) -> None:
        """One step that makes one token for each of the requests that is not finished."""
        cost = self.cost
        if isinstance(cost, LinearCost):
            time = cost.decode_step + cost.per_extra_request * (len(billed) - 1)
            time += cost.per_iteration
        else:
            time = cost.per_iteration + cost.decode_base
            for request in billed:
                context = request.input_tokens + request.made + request.padding
                time += cost.decode_per_request + cost.decode_per_context_token * context
        self.spend("decode", time, len(billed))
        for request in billed:
            request.padding += request.made == request.output_tokens
        self.make_tokens([one for one in billed if one.made < one.output_tokens])

    def make_tokens(self, requests: Sequence[Served]) -> None:
        for request in requests:
            request.made += 1
            if request.made == 1:
                request.first_token = self.now
            if request.made == request.output_tokens:
                request.finish = self.now
            if self.log:
                request.token_times.append(self.now)


def _run_batch(server: Server, batch: list[Served], longest: int = 0) -> None:
    """Prefill all together, then decode until the longest is done; everybody leaves then.

    With `longest`, until an answer of that many tokens would be done.
    """
    for slot, request in enumerate(batch):
        request.start, request.slot = server.now, slot
    server.prefill(batch)
    while max(one.made + one.padding for one in batch) < max(
        longest, *(one.output_tokens for one in batch)
    ):
        server.decode(batch)
    for request in batch:
        request.end = server.now


def _serve_static(server: Server, waiting: deque[Served], strategy: Static) -> None:
    longest = max(request.output_tokens for request in waiting)
    while waiting:
        batch = [waiting.popleft() for _ in range(min(strategy.batch_size, len(waiting)))]
        server.wait_until("idle", batch[0].arrival)
        server.wait_until("forming", batch[-1].arrival)
        _run_batch(server, batch, longest if strategy.pad_to == "workload" else 0)


def _serve_dynamic(server: Server, waiting: deque[Served], strategy: Dynamic) -> None:
    while waiting:
        batch = [waiting.popleft()]
        server.wait_until("idle", batch[0].arrival)
        clock_starts = server.now if strategy.timeout_from == "server_free" else batch[0].arrival
        fires = max(server.now, clock_starts + strategy.timeout)
        starts = server.now
        while len(batch) < strategy.batch_size and waiting:
            if waiting[0].arrival > fires:
                starts = fires
                break
            batch.append(waiting.popleft())
            starts = max(server.now, batch[-1].arrival)
        server.wait_until("forming", starts)
        _run_batch(server, batch)


def _serve_continuous(server: Server, waiting: deque[Served], strategy: Continuous) -> None:
    running: list[Served] = []
    while waiting or running:
        while waiting and len(running) < strategy.batch_size and waiting[0].arrival <= server.now:
            request = waiting.popleft()
            taken = {other.slot for other in running}
            request.slot = min(set(range(len(running) + 1)) - taken)
            request.start = server.now
            server.prefill([request])
            if request.made < request.output_tokens:
                running.append(request)
            else:
                request.end = server.now
        if not running:
            if waiting:
                server.wait_until("idle", waiting[0].arrival)
            continue
        server.decode(running)
        for request in running:
            if request.made == request.output_tokens:
                request.end = server.now
        running = [request for request in running if request.made < request.output_tokens]


def serve(
    requests: Requests, cost: Cost, strategy: Strategy, log: bool = True
) -> tuple[list[Served], list[Iteration]]:
    """Serve the requests; returns them by row, and (with `log`) all iterations in order."""
    served = as_objects(requests)
    return served, serve_objects(served, cost, strategy, log)


def as_objects(requests: Requests) -> list[Served]:
    """The requests, not yet served."""
    columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Served(row, *values) for row, values in enumerate(rows)]


def serve_objects(
    served: list[Served], cost: Cost, strategy: Strategy, log: bool = True
) -> list[Iteration]:
    """Serve these requests, which are in order of arrival, and note on them what became of them."""
    server, waiting = Server(cost, log), deque(served)
    match strategy:
        case Static():
            _serve_static(server, waiting, strategy)
        case Dynamic():
            _serve_dynamic(server, waiting, strategy)
        case Continuous():
            _serve_continuous(server, waiting, strategy)
    return server.iterations
