"""What is said of the engines: of gaps between tokens, of first tokens, and of memory.

An engine is measured against those on stage that go on iteration by iteration as it does, and
heed memory if it does. What it does is read from its Run, such as whether prompts were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from tui_batching.analysis.cache_use import CacheUse
from tui_batching.analysis.claims.claim import (
    CLEARLY,
    Claim,
    clearly_below,
    comparable,
    name,
    number,
    told,
    versus,
)
from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.clock import Picoseconds, format_duration
from tui_batching.columns import exact_sum
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.sim.stays import NEVER, Ended

_LONGER = 1.5
"""How much longer an iteration has to be to be called lengthened."""
_MUCH = 0.1
"""The share of the time to the first token from which on a wait is worth a word."""


def short_gaps(comparison: Comparison, engine: Result) -> Claim | None:
    """What chunks beside the decodes are for."""
    run = engine.run
    if not _mixes(run) or not (_cuts(run) or _may_cut(engine)):
        return None
    rivals = [
        each for each in _peers(comparison, engine) if not (_mixes(each.run) and _cuts(each.run))
    ]
    rival = _longest_gap_of(rivals, max)
    if rival is None:
        return None
    holds = (
        _cuts(run)
        and not _absence(engine)
        and engine.longest_gap < (1 - CLEARLY) * rival.longest_gap
    )
    detail = _gaps_versus(engine, rival)
    if not holds:
        whole = "no prompt was longer than what an iteration has room for"
        cut = _iterations_versus(engine, rival) if _cuts(run) else whole
        detail += f": {_absence(engine) or cut}"
    text = f"{name(engine)} cuts prompts into chunks, which keeps the gaps between tokens short."
    return Claim(text, holds, detail)


def freezes(comparison: Comparison, engine: Result) -> Claim | None:
    """What prompts by themselves cost those who decode."""
    if _mixes(engine.run) or _may_cut(engine):
        return None
    rival = _longest_gap_of((each for each in _peers(comparison, engine) if _mixes(each.run)), min)
    if rival is None:
        return None
    holds = not _absence(engine) and rival.longest_gap < (1 - CLEARLY) * engine.longest_gap
    detail = _gaps_versus(engine, rival)
    stalled, slowed = (told(each, "mean_stalled") for each in (engine, rival))
    detail += f"; stalled for {stalled} on average, where {name(rival)} is slowed for {slowed}"
    if not holds:
        longest = format_duration(_longest_iteration(engine.run, SpanKind.PREFILL))
        reason = f"its prompts take at most {longest} an iteration"
        detail += f": {_absence(engine) or reason}"
    text = f"{name(engine)} stops everybody for prompts, which makes the longest gap longer."
    return Claim(text, holds, detail)


def lengthened(_: Comparison, engine: Result) -> Claim | None:
    """What whole prompts beside the decodes cost them."""
    run = engine.run
    usual = _mean_decode(run)
    if _cuts(run) or usual is None:
        return None
    text = f"With {name(engine)} a long prompt lengthens one iteration for everybody."
    mixed = np.flatnonzero(run.spans.kind == SpanKind.MIXED)
    if not len(mixed):
        return Claim(text, holds=False, detail="no prompt was processed while others made tokens")
    longest = int(mixed[np.argmax(run.spans.step_time[mixed])])
    time = int(run.spans.step_time[longest])
    tokens = exact_sum(run.chunks.tokens[run.chunks.span == longest])
    detail = (
        f"the longest one takes {format_duration(time)} for {tokens:,} prompt tokens beside the "
        f"decodes, one without prompts {format_duration(round(usual))} on average"
    )
    holds = time > _LONGER * usual
    return Claim(text, holds, detail if holds else f"{detail}: that is hardly longer")


def steadiest(comparison: Comparison, engine: Result) -> Claim | None:
    """What steps of equal length are for, and what they cost."""
    peers = list(_peers(comparison, engine))
    worst, best = _longest_gap_of(peers, max), _longest_gap_of(peers, min)
    if worst is None or best is None:
        return None
    beaten = best.longest_gap < (1 - CLEARLY) * engine.longest_gap
    holds = (
        not (beaten or _absence(engine)) and engine.longest_gap < (1 - CLEARLY) * worst.longest_gap
    )
    rival = best if beaten else worst
    detail = _gaps_versus(engine, rival)
    detail += f"; mean time to first token {versus('mean_ttft', engine, rival)}"
    if not holds:
        alike = _iterations_versus(engine, rival) if beaten else "all are about as steady"
        detail += f": {_absence(engine) or alike}"
    text = f"{name(engine)} makes steps of equal length: no token is late."
    return Claim(text, holds, detail)


def first_tokens(comparison: Comparison, engine: Result) -> Claim | None:
    """What prefill first is for."""
    rival = min(
        _peers(comparison, engine), key=lambda each: number(each, "mean_ttft"), default=None
    )
    if rival is None:
        return None
    holds = clearly_below(engine, rival, "mean_ttft")
    detail = f"mean time to first token {versus('mean_ttft', engine, rival)} with {name(rival)}"
    if not holds:
        later = clearly_below(rival, engine, "mean_ttft")
        detail += f": {_what_they_wait_for(engine)}" if later else ": that is about the same"
    return Claim(f"First tokens come soonest with {name(engine)}.", holds, detail)


def gathers(comparison: Comparison, engine: Result) -> Claim | None:
    """What newcomers pay for fewer interruptions."""
    if _mixes(engine.run) or _may_cut(engine):
        return None
    rival = min(
        _peers(comparison, engine), key=lambda each: number(each, "mean_turn"), default=None
    )
    if rival is None:
        return None
    stops, prompts = _stops(engine.run)
    waits = clearly_below(rival, engine, "mean_turn")
    holds = waits and prompts > (1 + CLEARLY) * stops
    detail = (
        f"those who make tokens are stopped {_times(stops, 'never')}, for {_prompts(prompts)}; for "
        f"nothing but their turn requests wait {versus('mean_turn', engine, rival)} with "
        f"{name(rival)} on average"
    )
    if not holds:
        alone = waits and stops
        detail += ": most come alone" if alone else f": {_what_they_wait_for(engine)}"
    return Claim(f"{name(engine)} lets newcomers gather before it stops the others.", holds, detail)


def reserves(comparison: Comparison, engine: Result) -> Claim | None:
    """What a promise of memory is for, and what it costs."""
    rivals = [each for each in _paged(comparison, engine) if not each.strategy.reserves]
    if not engine.strategy.reserves or not rivals:
        return None
    rival = max(rivals, key=lambda each: _running(each.run))
    ours, theirs = _running(engine.run), _running(rival.run)
    waits_for_memory = number(engine, "mean_memory") > number(engine, "mean_slots")
    holds = waits_for_memory and ours < (1 - CLEARLY) * theirs
    detail = (
        f"{ours:.1f} run at once on average against {theirs:.1f} with {name(rival)}, which evicts "
        f"{_times(_evictions(rival.run))}"
    )
    if not holds:
        if not number(engine, "mean_memory"):
            detail += ": nobody waits for memory"
        elif not waits_for_memory:
            detail += ": they wait for slots longer than for memory"
        else:
            requests = engine.run.requests
            prompts = exact_sum(requests.input_tokens)
            asked = prompts + exact_sum(requests.max_tokens)
            needed = prompts + exact_sum(requests.output_tokens)
            detail += (
                f": {asked:,} tokens are reserved in all, and {needed:,} are needed in the end"
            )
    text = (
        f"{name(engine)} reserves all that was asked for: it never evicts, but memory admits fewer."
    )
    return Claim(text, holds, detail)


def evicts(_: Comparison, engine: Result) -> Claim | None:
    """What memory that is taken as it comes costs."""
    run = engine.run
    if run.kv is None or engine.strategy.reserves:
        return None
    text = (
        f"When memory is full, {name(engine)} evicts who was admitted last, and that prompt is "
        "processed again."
    )
    count, others = _evictions(run), _not_the_last(run)
    if not count:
        return Claim(text, holds=False, detail=f"nobody was evicted: {_memory_taken(run)}")
    detail = f"{_evicted(run)}; {_again(run):,} tokens are processed for those who come back"
    if found := exact_sum(run.stays.cached[run.again]):
        detail += f", {found:,} are found in the prefix cache"
    if others:
        detail += f": {others:,} of those evicted were not the last ones admitted"
    return Claim(text, not others, detail)


def finds(comparison: Comparison, engine: Result) -> Claim | None:
    """What a prefix cache is for."""
    use = CacheUse.of(engine.run)
    if use is None or use.hit_rate is None:
        return None
    text = f"What requests have in common {name(engine)} computes once, and finds from then on."
    detail = f"{use.shared:,} of {use.wanted:,} tokens ({use.hit_rate:.0%}) are found in its cache"
    lost = f"{use.lost:,} were overwritten before they were asked for again"
    if use.found <= use.lost:
        return Claim(
            text, holds=False, detail=f"{detail}: {lost if use.lost else 'none came again'}"
        )
    if use.lost:
        detail += f", {lost}"
    others = [each for each in _peers(comparison, engine) if each.strategy.is_engine]
    without = [each for each in others if not each.strategy.caches_prefixes]
    if without:
        rival = without[0]
        ours, theirs = (exact_sum(each.run.chunks.tokens) for each in (engine, rival))
        detail += f"; it computes {ours:,} tokens of prompts, {name(rival)} {theirs:,}"
    return Claim(text, holds=True, detail=detail)


def bets(comparison: Comparison, engine: Result) -> Claim | None:
    """What an estimate of memory is for."""
    rivals = [each for each in _paged(comparison, engine) if not each.strategy.reserves]
    rival = max(rivals, key=lambda each: _evictions(each.run), default=None)
    if rival is None:
        return None
    ours, theirs = _evictions(engine.run), _evictions(rival.run)
    detail = (
        f"it evicts {_times(ours)}, {name(rival)} {_times(theirs)}; "
        f"{_again(engine.run):,} against {_again(rival.run):,} tokens are processed again"
    )
    holds = ours < theirs
    if not (ours or theirs):
        detail = f"nobody is evicted, with {name(rival)} neither"
    if not holds:
        full = "its bet was lost more often than memory ran out there"
        detail += (
            f": {full}" if ours > theirs else f": {_memory_taken(engine.run)}" if not ours else ""
        )
    text = (
        f"{name(engine)} bets that answers are short, and evicts less than those who plan nothing."
    )
    return Claim(text, holds, detail)


def thrashes(comparison: Comparison, engine: Result) -> Claim | None:
    """What prefill first costs once memory is full."""
    rivals = [each for each in _paged(comparison, engine) if not each.strategy.reserves]
    decodes_first = [each for each in rivals if _mixes(each.run)]
    rival = min(decodes_first or rivals, key=lambda each: _evictions(each.run), default=None)
    if rival is None:
        return None
    ours, theirs = _evictions(engine.run), _evictions(rival.run)
    detail = (
        f"{_evicted(engine.run)}, with {name(rival)} {_evicted(rival.run)}; "
        f"{_again(engine.run):,} against {_again(rival.run):,} tokens are processed again"
    )
    if not (ours or theirs):
        detail = f"nobody is evicted, with {name(rival)} neither"
    most = int(engine.run.evictions.max())
    holds = ours > theirs and most > 1
    if holds:
        detail += f"; one request is evicted {most:,} times"
    elif not ours:
        detail += f": {_memory_taken(engine.run)}"
    elif most == 1:
        detail += ": nobody is evicted twice"
    text = f"With {name(engine)} who is evicted comes back first, and is soon evicted again."
    return Claim(text, holds, detail)


CHECKS = (
    short_gaps,
    freezes,
    lengthened,
    steadiest,
    first_tokens,
    gathers,
    reserves,
    evicts,
    finds,
    bets,
    thrashes,
)
"""In the order in which lessons name them."""


# Who is compared


def _peers(comparison: Comparison, engine: Result) -> Iterable[Result]:
    """The others that go on iteration by iteration, and heed memory if this one does."""
    return (
        each
        for each in comparison
        if each is not engine and each.strategy.about.iteration_level and comparable(each, engine)
    )


def _paged(comparison: Comparison, engine: Result) -> list[Result]:
    """Those of them that heed memory; none where this one does not."""
    return [each for each in _peers(comparison, engine) if each.run.kv is not None]


# Gaps between tokens


def _mixes(run: Run) -> bool:
    """Whether prompts were ever processed beside decodes."""
    return bool((run.spans.kind == SpanKind.MIXED).any())


def _cuts(run: Run) -> bool:
    """Whether a prompt was ever processed in several iterations."""
    return bool((np.diff(run.prefills.first) > 1).any())


def _may_cut(result: Result) -> bool:
    """Whether its settings let it cut prompts."""
    flags = ("enable_chunked_prefill", "prefill_chunking")
    strategy = result.strategy
    return any(strategy.has(flag) and strategy.value(flag) for flag in flags)


def _longest_gap_of(
    results: Iterable[Result], choose: Callable[..., Result | None]
) -> Result | None:
    """The result with the longest gaps, or with the shortest if `choose` is `min`.

    Where the longest one is that of an evicted request it says nothing of prompts.
    """
    told = (result for result in results if not _absence(result))
    return choose(told, key=lambda result: result.longest_gap, default=None)


def _gaps_versus(one: Result, other: Result) -> str:
    gaps = f"{format_duration(one.longest_gap)} against {format_duration(other.longest_gap)}"
    return f"the longest gap is {gaps} with {name(other)}, p99 {versus('p99_itl', one, other)}"


def _absence(result: Result) -> str:
    """That the longest gap is one of a request that was out of its slot, where it is."""
    run = result.run
    stays = run.stays
    rows = np.flatnonzero((stays.ended != Ended.DONE) & (run.back < NEVER))
    rows = rows[run.first_token_time[stays.request[rows]] <= stays.end_time[rows]]
    if not len(rows):
        return ""
    times = run.back[rows] - stays.end_time[rows]
    longest = int(times.max())
    if longest < result.longest_gap / 2:
        return ""
    evicted = stays.ended[rows[int(times.argmax())]] == Ended.EVICTED
    why = "that was evicted waits" if evicted else "without a block of memory is left out for"
    return f"with {name(result)} a request {why} {format_duration(longest)}"


def _iterations_versus(one: Result, other: Result) -> str:
    """The longest iterations that process prompts."""
    ours, theirs = (
        max(_longest_iteration(each.run, kind) for kind in (SpanKind.PREFILL, SpanKind.MIXED))
        for each in (one, other)
    )
    times = f"{format_duration(ours)} against {format_duration(theirs)}"
    return f"the longest iteration with prompts takes {times}"


def _longest_iteration(run: Run, kind: SpanKind) -> Picoseconds:
    spans = run.spans
    return int(spans.step_time[spans.kind == kind].max(initial=0))


def _mean_decode(run: Run) -> float | None:
    """The mean time of an iteration without prompts; None where there is none."""
    spans = run.spans
    decodes = spans.kind == SpanKind.DECODE
    steps = exact_sum(spans.steps[decodes])
    return exact_sum((spans.end - spans.start)[decodes]) / steps if steps else None


# Waiting and memory


def _what_they_wait_for(result: Result) -> str:
    """What keeps first tokens waiting most, where anything does."""
    words = {"slots": "a slot", "memory": "memory", "turn": "their turn"}
    most = max(words, key=lambda part: number(result, f"mean_{part}"))
    if number(result, f"mean_{most}") < _MUCH * number(result, "mean_ttft"):
        return "hardly anybody waits to begin"
    return f"requests wait {told(result, f'mean_{most}')} for {words[most]} on average"


def _running(run: Run) -> float:
    """How many requests are in slots on average, from the first arrival to the last end."""
    return exact_sum(run.stays.end_time - run.stays.start_time) / run.total_time


def _evictions(run: Run) -> int:
    return exact_sum(run.evictions)


def _times(count: int, none: str = "nobody") -> str:
    return none if not count else "once" if count == 1 else f"{count:,} times"


def _prompts(count: int) -> str:
    return "no prompt" if not count else "one prompt" if count == 1 else f"{count:,} prompts"


def _stops(run: Run) -> tuple[int, int]:
    """How often those in slots had to wait for prompts, and for how many newcomers."""
    spans, stays = run.spans, run.stays
    prefills = np.flatnonzero(spans.kind == SpanKind.PREFILL)
    before = np.searchsorted(np.sort(stays.start_time), spans.start[prefills], side="left")
    gone = np.searchsorted(np.sort(stays.end_time), spans.start[prefills], side="right")
    stopping = prefills[before > gone]
    prompts = np.bincount(run.chunks.span, minlength=len(spans))
    return len(stopping), exact_sum(prompts[stopping])


def _evicted(run: Run) -> str:
    """How often, and how many requests."""
    count, requests = _evictions(run), int((run.evictions > 0).sum())
    if not count:
        return "nobody is evicted"
    if count == 1:
        return "one request is evicted, once"
    who = "one request" if requests == 1 else f"{requests:,} requests"
    return f"{who} {'is' if requests == 1 else 'are'} evicted {count:,} times in all"


def _again(run: Run) -> int:
    """Prompt tokens that are processed for requests that were there before."""
    again = np.ones(len(run.stays), bool)
    again[run.by_request.stays[run.by_request.first[:-1]]] = False
    return exact_sum(run.chunks.tokens[again[run.chunks.stay]])


def _memory_taken(run: Run) -> str:
    if run.kv is None:
        return "memory has no end"
    most = int(max(run.kv.at_start.max(), run.kv.at_end.max()))
    return f"at most {most:,} of {run.kv.blocks:,} blocks of memory are taken"


def _not_the_last(run: Run) -> int:
    """How many were evicted though one that was admitted later stayed."""
    stays, count = run.stays, 0
    for stay in np.flatnonzero(stays.ended == Ended.EVICTED).tolist():
        latest = int(np.searchsorted(stays.start_time, stays.end_time[stay])) - 1
        while stays.end_time[latest] <= stays.end_time[stay] and latest != stay:
            latest -= 1
        count += int(stays.start_time[latest]) > int(stays.start_time[stay])
    return count
