"""From requests to a Run, by the parts of an engine; or why one of them can never be served."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_batching.cost import ChunkLoad, Cost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.engine_log import Pool, run_of
from tui_batching.sim.engines.cuts import NO_LIMIT
from tui_batching.sim.engines.loop import Engine, Parts
from tui_batching.sim.engines.memory import Memory
from tui_batching.sim.run import Run

if TYPE_CHECKING:
    from tui_batching.strategies.strategy import Strategy


def run_engine(
    requests: Requests, cost: Cost, strategy: Strategy, parts: Parts, *, jumps: bool = True
) -> Run:
    """Serve these requests with an engine made of these parts.

    Args:
        requests: who comes.
        cost: what an iteration costs; a prefill always makes the first token.
        strategy: whose decisions these are.
        parts: fresh ones.
        jumps: whether equal iterations are taken at once; the history is the same.

    Raises:
        InputError: if a request can never be served, or the last one ends beyond the clock.
    """
    cost = replace(cost, first_token="prefill")
    if not cost.mixed_time(0, 0, ChunkLoad.of([(0, 1)])):
        raise InputError(
            "found a cost whose prefill takes no time, expected some as it makes the first token"
        )
    _refuse_unservable(requests, parts)
    memory = parts.memory
    pool = None
    if memory.pool < NO_LIMIT:
        pool = Pool(memory.pool, memory.block, grant=memory.grant, beyond=memory.extra)
    log, places = Engine(requests, cost, parts, jumps=jumps).serve()
    del memory, parts  # what they hold makes room for the record
    return run_of(log, requests, cost, strategy, pool, places)


def blocks_of(kv_cache_tokens: int | None, cost: Cost, block: int) -> int:
    """The blocks of a pool of so many tokens, or of the cost's, or without an end."""
    tokens = kv_cache_tokens or cost.kv_cache_tokens
    return NO_LIMIT if tokens is None else tokens // block


def _refuse_unservable(requests: Requests, parts: Parts) -> None:
    """Refuse, in order of arrival, the first that does not fit even alone."""
    memory, prompts = parts.memory, requests.input_tokens
    asked = prompts + requests.max_tokens
    room = max(0, memory.pool - memory.spare) * memory.block - memory.extra
    at_once = asked if memory.evicts_youngest else prompts
    budget = parts.budget if parts.cut.whole else NO_LIMIT
    wrong = (prompts == 0) | (asked > room) | (at_once > budget)
    if not wrong.any():
        return
    row = int(wrong.argmax())
    if not prompts[row]:
        found, expected = "a prompt of 0 tokens", "at least 1"
    elif asked[row] > room:
        found = f"{asked[row]} tokens of prompt and max_tokens to keep in memory"
        expected = f"at most {max(0, room)}, as there are {_told(memory)}"
    elif memory.evicts_youngest:
        found = f"{asked[row]} tokens of prompt and max_tokens"
        expected = f"at most the {budget} of an iteration, as one who is evicted comes back whole"
    else:
        found = f"a prompt of {prompts[row]} tokens"
        expected = f"at most the {budget} of an iteration, as prompts are not cut"
    raise InputError(f"request {requests.id[row]}: found {found}, expected {expected}")


def _told(memory: Memory) -> str:
    spare = f", {memory.spare} of which stay free" if memory.spare else ""
    return f"{memory.pool} blocks of {memory.block} tokens{spare}"
