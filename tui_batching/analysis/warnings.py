"""What to doubt about a Run: costs used beyond where they hold, more tokens than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tui_batching.analysis.peaks import peak_tokens_held
from tui_batching.clock import format_duration
from tui_batching.cost import Profile
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.workload.model import join_names


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning.

    Attributes:
        about: what is beyond its limits; the same for other figures of the same.
        sentence: which tells it with its figures.
    """

    about: str
    sentence: str


def warnings(runs: Iterable[Run]) -> tuple[Warned, ...]:
    """The warnings about Runs of one workload; what holds for all comes once.

    What was measured is not doubted.
    """
    served = tuple(run for run in runs if run.tells_iterations)
    each = (warned for run in served for warned in _warnings_of(run))
    return tuple(dict.fromkeys((*_first_token_warnings(served), *each)))


def _first_token_warnings(runs: Sequence[Run]) -> Iterator[Warned]:
    """Engines make the first token by the prefill, whatever the workload's cost says."""
    by_prefill = [run.strategy.name for run in runs if run.cost.made_by_prefill]
    others = [run.strategy.name for run in runs if not run.cost.made_by_prefill]
    if by_prefill and others:
        yield Warned(
            "first tokens",
            f"the prefill makes the first token of {join_names(by_prefill)}, as in real engines, "
            f"and the first decode step that of {join_names(others)}: "
            "cost.first_token=prefill compares like with like",
        )


def _warnings_of(run: Run) -> Iterator[Warned]:
    if run.cost.profile:
        yield from context_warnings(run.requests, run.cost.profile)
        yield from _batch_warnings(run, run.cost.profile)
        yield from _token_warnings(run, run.cost.profile)
    yield from _memory_warnings(run)


def context_warnings(requests: Requests, profile: Profile | None) -> Iterator[Warned]:
    """Whose contexts lie beyond where a profile holds, which is known before anything is served."""
    if profile is None or profile.context is None:
        return
    shortest = requests.input_tokens
    longest = shortest + requests.output_tokens
    beyond = (shortest < profile.context[0]) | (longest > profile.context[1])
    if beyond.any():
        yield Warned(
            "contexts",
            f"{profile.name} holds for contexts of {_range(profile.context)} tokens; those of "
            f"{beyond.sum():,} of {len(requests):,} requests lie beyond, "
            f"at {_range((int(shortest.min()), int(longest.max())))}",
        )


def _batch_warnings(run: Run, profile: Profile) -> Iterator[Warned]:
    largest = int(run.spans.billed[run.spans.decoding].max(initial=0))
    if profile.batch and largest > profile.batch[1]:
        yield Warned(
            f"batches of {run.strategy.name}",
            f"{run.strategy.name}: {profile.name} holds for batches of {_range(profile.batch)}; "
            f"here they reach {largest:,}",
        )


def _token_warnings(run: Run, profile: Profile) -> Iterator[Warned]:
    if profile.tokens is None:
        return
    spans, chunks = run.spans, run.chunks
    parts = np.bincount(chunks.span, minlength=len(spans))
    tokens = spans.billed - parts + np.bincount(chunks.span, chunks.tokens, len(spans))
    largest = int(tokens.max(initial=0))
    if largest > profile.tokens[1]:
        yield Warned(
            f"tokens of {run.strategy.name}",
            f"{run.strategy.name}: {profile.name} holds for iterations of "
            f"{_range(profile.tokens)} tokens; here they reach {largest:,}",
        )


def _memory_warnings(run: Run) -> Iterator[Warned]:
    """An engine that heeds memory, the cost's or its own, never holds more than there is."""
    room = run.cost.kv_cache_tokens
    if room is None or run.kv is not None:
        return
    peak = peak_tokens_held(run)
    if peak.tokens > room:
        yield Warned(
            f"memory of {run.strategy.name}",
            f"{run.strategy.name}: at {format_duration(peak.time)} the running requests hold "
            f"{peak.tokens:,} tokens; the KV cache has room for {room:,}",
        )


def _range(ends: tuple[int, int]) -> str:
    return f"{ends[0]:,} to {ends[1]:,}"
