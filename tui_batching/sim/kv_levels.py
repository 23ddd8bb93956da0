"""How much of the KV cache is used and taken at any instants, be it one or those of a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui_batching.columns import IntArray
from tui_batching.sim.steps import whole_steps

if TYPE_CHECKING:
    from tui_batching.sim.run import Run


class KvLevels(NamedTuple):
    """What the KV cache holds at some instants.

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
    time, span_there = instants[place], span[place]
    until = span_there + 1  # with the chunks under way
    steps = spans.decode_steps_at(instants)[place]
    held = computed_at(run, stay, time, until, steps)
    decodes = spans.decoding[span_there] & (run.decoded_until[stay] > time)
    decodes &= run.stays.ready_time[stay] <= time
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
