"""How much of the KV cache is used and taken, by all at any instants or by each at one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import BoolArray, IntArray
from tui_batching.sim.stays import Grant, KvBlocks
from tui_batching.sim.steps import whole_steps

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


class KvLevels(NamedTuple):
    """What the KV cache holds at some instants, or of some stays.

    Attributes:
        used: tokens in it: those computed, and those of the iteration under way. Of requests that
            share blocks these count once: all are full but the last one of each.
        blocks: those that are taken; 0 without a KV cache.
    """

    used: IntArray
    blocks: IntArray


def kv_levels(run: Run, instants: IntArray) -> KvLevels:
    """The levels at each of these instants, which ascend."""
    spans, kv = run.spans, run.kv
    span = np.maximum(np.searchsorted(spans.start, instants, side="right") - 1, 0)
    place, stay = _there(run, instants)
    steps = spans.decode_steps_at(instants)[place]
    held, decodes = _held(run, stay, instants[place], span[place], steps)
    used, blocks = np.zeros((2, len(instants)), np.int64)
    if kv is not None:
        columns = (spans.steps, spans.step_time, spans.step_growth)
        step = whole_steps(instants - spans.start[span], *(column[span] for column in columns))
        grows = (step > 0) & (kv.at_start != kv.at_end)[span]
        makes = decodes & grows[place]
        context, size = held[makes] + 1, kv.block_size
        further = -(-context // size) + (step[place[makes]] - context) // size
        blocks[:] = np.where(instants < run.finished, kv.at_start[span], 0)
        np.add.at(blocks, place[makes], further)
    if run.cost.made_by_prefill:
        held += decodes
    if kv is None or kv.cached is None:
        np.add.at(used, place, held)
    else:
        np.add.at(used, place, -(-held % kv.block_size))
        used += blocks * kv.block_size
    return KvLevels(used, blocks)


def tells_kv_of_stays(run: Run) -> bool:
    """Whether it is known what each stay has of the KV cache: not where they share blocks."""
    return run.kv is not None and (run.kv.cached is None or not run.requests.share)


def kv_of_stays(run: Run, stays: IntArray, time: Picoseconds) -> KvLevels:
    """What each of these stays has of the KV cache at an instant at which it has its slot.

    All of those who have one add up to the levels of the Run then.

    Args:
        run: one of those of which it is known, see `tells_kv_of_stays`.
        stays: which ones.
        time: the instant.
    """
    kv, spans = run.kv, run.spans
    assert kv is not None
    instants, span = np.full_like(stays, time), np.full_like(stays, spans.index_at(time))
    used, decodes = _held(run, stays, instants, span, spans.decode_steps_at(instants))
    if run.cost.made_by_prefill:
        used = used + decodes
    granted = np.zeros_like(used)
    if kv.grant is Grant.KNOWN:
        granted = run.stays.known[stays]
    elif kv.grant is Grant.ASKED:
        granted = _asked(run, kv)[run.stays.request[stays]]
    blocks = -(-np.maximum(used, granted) // kv.block_size)
    return KvLevels(used, np.where(used > 0, blocks, 0))


def most_kv_of_one(run: Run) -> int:
    """The most tokens for which any request has blocks at a time; 0 where it is not known."""
    kv, requests = run.kv, run.requests
    if kv is None or not tells_kv_of_stays(run):
        return 0
    at_end = requests.input_tokens + requests.output_tokens
    most = int((_asked(run, kv) if kv.grant is Grant.ASKED else at_end).max())
    return -(-most // kv.block_size) * kv.block_size


def _asked(run: Run, kv: KvBlocks) -> IntArray:
    """The tokens for which each request has room, where that is for all that it asked for."""
    return run.requests.input_tokens + run.requests.max_tokens + kv.beyond


def _held(
    run: Run, stay: IntArray, time: IntArray, span: IntArray, steps: IntArray
) -> tuple[IntArray, BoolArray]:
    """The tokens of each stay at an instant each, with the chunks under way; and which decode.

    Args:
        run: whose stays.
        stay: which ones.
        time: the instants.
        span: what is under way then.
        steps: decode steps done by then.
    """
    held = computed_at(run, stay, time, span + 1, steps)
    decodes = run.spans.decoding[span] & (run.decoded_until[stay] > time)
    return held, decodes & (run.stays.ready_time[stay] <= time)


def _there(run: Run, instants: IntArray) -> tuple[IntArray, IntArray]:
    """Each pair of one of these instants and a stay that has memory then, in two columns."""
    first, after = (np.searchsorted(instants, at) for at in (run.stays.start_time, run.left))
    count = after - first
    stay = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(stay)) - np.repeat(np.cumsum(count) - count - first, count)
    return place, stay


def computed_at(
    run: Run, stays: IntArray, times: IntArray, spans: IntArray, steps: IntArray
) -> IntArray:
    """Tokens of each of these stays in the KV cache at an instant each, or when it ended.

    Args:
        run: whose stays.
        stays: which ones.
        times: the instants.
        spans: before which one chunks count as processed.
        steps: decode steps done by the instants.
    """
    late = run.stays.ready_time[stays] > np.minimum(run.decoded_until[stays], times)
    # The context of a step that follows a first token includes the token that it computes.
    computed = run.first_context[stays] - run.cost.made_by_prefill - run.steps_by_ready[stays]
    computed += np.minimum(steps, run.steps_by_until[stays])
    reads = stays[late]
    computed[late] = run.processed(reads, spans[late]) + run.stays.cached[reads]
    return computed
