"""From requests and settings to a Run, or to the sentence that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tui_batching.columns import IntArray, freeze
from tui_batching.cost import ChunkLoad, Cost
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.sim.engine_log import EngineLog, Pool, run_of
from tui_batching.sim.run import Run
from tui_batching.sim.stream_blocks import StreamBlocks
from tui_batching.sim.vllm.caching import (
    CachingPriorityScheduler,
    CachingScheduler,
    Preempting,
    UnevictingPriorityScheduler,
    UnevictingScheduler,
)
from tui_batching.sim.vllm.scheduler import WITHOUT_END, PriorityScheduler, Scheduler
from tui_batching.sim.vllm.waiting import ByPriority, FirstCome
from tui_batching.sim.vllm.watching import WatchingPriorityScheduler, WatchingScheduler
from tui_batching.streams import NO_STREAM

if TYPE_CHECKING:
    from tui_batching.strategies.vllm import Vllm


def run_vllm(requests: Requests, cost: Cost, engine: Vllm, *, jumps: bool = True) -> Run:
    """Serve these requests as vLLM V1 does.

    Args:
        requests: answers are cut where `max_model_len` ends them.
        cost: what an iteration costs; a prefill always makes the first token.
        engine: the settings.
        jumps: whether equal iterations are taken at once; the history is the same.

    Raises:
        InputError: if vLLM does not start with these settings, a request can never be served, or
            the last one ends beyond the clock.
    """
    cost = replace(cost, first_token="prefill")
    if not cost.mixed_time(0, 0, ChunkLoad.of([(0, 1)])):
        raise InputError(
            "found a cost whose prefill takes no time, expected some as it makes the first token"
        )
    _refuse_settings(engine)
    _refuse_prompts(requests, engine)
    requests = _with_answers_cut(requests, engine.max_model_len)
    blocks = engine.usable_blocks(cost)
    if blocks is not None:
        _refuse_larger_than_memory(requests, blocks, engine.block_size)
    usable = WITHOUT_END if blocks is None else blocks
    log, place = _served(requests, cost, engine, usable, jumps=jumps)
    pool = None if blocks is None else Pool(blocks, engine.block_size, caches=bool(log.cached))
    return run_of(log, requests, cost, engine, pool, place)


def _served(
    requests: Requests, cost: Cost, engine: Vllm, blocks: int, *, jumps: bool
) -> tuple[EngineLog, IntArray | None]:
    """The log, and the places in the queue; all else is let go, which makes room for the Run."""
    requests, order = _in_order(requests, engine)

    def serve(kind: type[Scheduler]) -> EngineLog | None:
        waiting = _queue(requests, engine)
        try:
            return kind(waiting, requests, cost, engine, blocks, jumps=jumps).serve()
        except Preempting:
            return None

    plain, caching, unevicting = KINDS[engine.policy]
    log = None
    if not engine.enable_prefix_caching:
        log = serve(plain)
    elif not _share_blocks(requests, engine):
        log = serve(unevicting)
    log = log or serve(caching)
    assert log is not None
    if order is None:
        return log, None
    log.renumber(order)
    return log, freeze(np.argsort(order))


def watch_vllm(requests: Requests, cost: Cost, engine: Vllm) -> StreamBlocks:
    """Serve the requests of a Run once more, to see whose content its pool keeps when.

    Args:
        requests: as the Run has them.
        cost: as the Run has it.
        engine: with prefix caching, and memory that has an end.
    """
    blocks = engine.usable_blocks(cost)
    assert blocks is not None
    requests, _ = _in_order(requests, engine)
    waiting, kind = _queue(requests, engine), WATCHING[engine.policy]
    watching = kind(waiting, requests, cost, engine, blocks, jumps=True)
    watching.serve()
    return watching.stream_blocks()


def _in_order(requests: Requests, engine: Vllm) -> tuple[Requests, IntArray | None]:
    """The requests as the queue takes them, and where each was before; None where nothing moves."""
    if engine.policy == "fcfs":
        return requests, None
    order = np.lexsort((requests.id, requests.arrival_time, requests.priority))
    return requests.part(order), order


def _queue(requests: Requests, engine: Vllm) -> FirstCome | ByPriority:
    return FirstCome(requests) if engine.policy == "fcfs" else ByPriority(requests)


KINDS: Mapping[str, tuple[type[Scheduler], type[Scheduler], type[Scheduler]]] = {
    "fcfs": (Scheduler, CachingScheduler, UnevictingScheduler),
    "priority": (PriorityScheduler, CachingPriorityScheduler, UnevictingPriorityScheduler),
}
"""By policy: without a prefix cache, with one, and as long as none matters."""
WATCHING: Mapping[str, type[WatchingScheduler]] = {
    "fcfs": WatchingScheduler,
    "priority": WatchingPriorityScheduler,
}
"""By policy: with a prefix cache that is watched."""


def _share_blocks(requests: Requests, engine: Vllm) -> bool:
    """Whether any request begins with a whole block that another one may have."""
    return bool(
        ((requests.stream != NO_STREAM) & (requests.stream_tokens >= engine.block_size)).any()
    )


def _refuse_settings(engine: Vllm) -> None:
    """Refuse what vLLM does not start with."""
    budget, longest = engine.max_num_batched_tokens, engine.max_model_len
    if budget < engine.max_num_seqs:
        raise InputError(
            f"found a max_num_batched_tokens of {budget}, "
            f"expected at least the max_num_seqs of {engine.max_num_seqs}"
        )
    if longest is None:
        return
    if not engine.enable_chunked_prefill and budget < longest:
        raise InputError(
            f"found a max_num_batched_tokens of {budget}, expected at least the max_model_len of "
            f"{longest} without chunked prefill"
        )
    if engine.long_prefill_token_threshold > longest:
        raise InputError(
            f"found a long_prefill_token_threshold of {engine.long_prefill_token_threshold}, "
            f"expected at most the max_model_len of {longest}"
        )


def _refuse_prompts(requests: Requests, engine: Vllm) -> None:
    """Refuse what its front end refuses, and what can never be admitted."""
    prompts = requests.input_tokens
    if not prompts.all():
        row = int(np.argmin(prompts))
        raise _refusal(requests, row, "a prompt of 0 tokens", "at least 1")
    row = int(np.argmax(prompts))
    found, longest = f"a prompt of {prompts[row]} tokens", engine.max_model_len
    if longest is not None and prompts[row] >= longest:
        raise _refusal(requests, row, found, f"fewer than the max_model_len of {longest}")
    budget, cap = engine.max_num_batched_tokens, engine.long_prefill_token_threshold
    if not engine.enable_chunked_prefill and not cap and prompts[row] > budget:
        expected = f"at most the max_num_batched_tokens of {budget} without chunked prefill"
        raise _refusal(requests, row, found, expected)


def _with_answers_cut(requests: Requests, longest: int | None) -> Requests:
    """No sequence grows beyond `max_model_len`."""
    if longest is None:
        return requests
    cut = np.minimum(requests.output_tokens, longest - requests.input_tokens)
    return replace(requests, output_tokens=freeze(cut))


def _refuse_larger_than_memory(requests: Requests, blocks: int, block: int) -> None:
    """Refuse a request that would not fit even alone; its last token is never computed."""
    computed = requests.input_tokens + requests.output_tokens - 1
    row = int(np.argmax(computed > blocks * block))
    if computed[row] > blocks * block:
        raise _refusal(
            requests,
            row,
            f"{computed[row]} tokens of prompt and answer to keep in memory",
            f"at most {blocks * block}, in {blocks} blocks of {block}",
        )


def _refusal(requests: Requests, row: int, found: str, expected: str) -> InputError:
    return InputError(f"request {requests.id[row]}: found {found}, expected {expected}")
