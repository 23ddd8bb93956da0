"""What is said of the textbook's strategies."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.analysis.claims.claim import (
    CLEARLY,
    Claim,
    clearly_below,
    comparable,
    highest,
    name,
    names,
    number,
    told,
    told_of_all,
    versus,
)
from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.service_level import limits_text
from tui_batching.numbers import percent

_KEEPS_UP = 0.9
"""The share of a Run during which requests still arrive, where the server keeps up with them."""


def throughput(comparison: Comparison, continuous: Result) -> Claim | None:
    """More tokens a second."""
    static = _full_batches(comparison)
    if static is None:
        return None
    ratio = number(continuous, "throughput") / number(static, "throughput")
    holds = ratio > 1 + CLEARLY
    rates = f"{versus('throughput', continuous, static)} tokens/s"
    gain = f"{ratio:.2f}x the throughput of {name(static)} ({rates})"
    tokens = continuous.run.requests.output_tokens
    longest = tokens.max() / tokens.mean()
    if holds:
        usual = "2–3x and more are usual with" if ratio >= 2 else "the usual 2–3x needs"
        needs = f"{usual} answers of diverse lengths and a load that fills the slots"
        detail = f"{gain}; {needs}: here the longest answer has {longest:.1f}x the mean length"
    elif _keeps_up(static):
        detail = f"{gain}: the load is light, so static keeps up with the arrivals as well"
    else:
        detail = (
            f"{gain}: only {percent(static.utilization.held)} of the slot time of {name(static)} "
            "is held, "
            f"and {percent(continuous.utilization.stalled)} of that of {name(continuous)} "
            "is stalled"
        )
    return Claim(f"{_batching(continuous)} makes more tokens per second.", holds, detail)


def wait(comparison: Comparison, continuous: Result) -> Claim | None:
    """A shorter wait for the unluckiest."""
    static = _full_batches(comparison)
    if static is None:
        return None
    holds = clearly_below(continuous, static, "p99_wait")
    detail = f"p99 wait {versus('p99_wait', continuous, static)} with {name(static)}"
    if not holds:
        detail += ": a slot becomes free hardly sooner"
    return Claim(f"The longest waits are shorter than with {name(static)}.", holds, detail)


def held(comparison: Comparison, continuous: Result) -> Claim | None:
    """No finished request in a slot."""
    static = _full_batches(comparison)
    if static is None:
        return None
    mean = number(static, "mean_held")
    share = mean / number(static, "avg_latency")
    if mean > 0:
        detail = (
            f"with {name(static)} an answer is held for {told(static, 'mean_held')} on average, "
            f"{percent(share)} of its latency; with {name(continuous)}, "
            f"{told(continuous, 'mean_held')}"
        )
    else:
        detail = (
            f"with {name(static)} none has to stay for a longer one, so there is nothing to gain"
        )
    return Claim("A finished request leaves at once and hands its slot on.", mean > 0, detail)


def stalls(comparison: Comparison, continuous: Result) -> Claim | None:
    """What continuous batching costs: more stalls, or more time a token, or both."""
    static = _full_batches(comparison)
    if static is None:
        return None
    stalls_more, is_slower = (
        clearly_below(static, continuous, metric) for metric in ("mean_stalled", "mean_tpot")
    )
    detail = (
        f"stalled for {versus('mean_stalled', continuous, static)} with {name(static)} on average"
    )
    if number(continuous, "mean_tpot") and number(static, "mean_tpot"):
        detail += f"; time per output token {versus('mean_tpot', continuous, static)}"
    if not (stalls_more or is_slower):
        detail += ": few requests are running while others are prefilled"
    elif not stalls_more:
        detail += f": {name(static)} stalls before its first tokens, for the prompts of its batch"
    text = f"{_batching(continuous)} pays with stalls: the prefill of a newcomer stops all others."
    return Claim(text, stalls_more or is_slower, detail)


def timeout(comparison: Comparison, dynamic: Result) -> Claim | None:
    """What the timeout of dynamic batching buys."""
    static = _full_batches(comparison)
    if static is None:
        return None
    holds = clearly_below(dynamic, static, "mean_forming")
    detail = (
        f"a batch keeps its requests waiting for {versus('mean_forming', dynamic, static)} with "
        f"static on average; p99 latency {versus('p99_latency', dynamic, static)}"
    )
    if not holds:
        detail += ": the batches fill before the timeout passes"
    return Claim("A timeout spares the first of a batch the wait for the last.", holds, detail)


def tail(comparison: Comparison, continuous: Result) -> Claim | None:
    """The latency of the unluckiest."""
    rival = _best_of_the_rest(comparison, continuous, "p99_latency", lowest=True)
    if rival is None:
        return None
    holds = clearly_below(continuous, rival, "p99_latency")
    detail = f"p99 latency {versus('p99_latency', continuous, rival)} with {rival.strategy.name}"
    if not holds:
        detail += _why_no_better(continuous, rival)
    return Claim(f"{_batching(continuous)} has the shortest tail of latencies.", holds, detail)


def occupied(comparison: Comparison, continuous: Result) -> Claim | None:
    """Which of the two utilizations misleads."""
    batches = [result for result in comparison if not result.strategy.about.iteration_level]
    if not batches:
        return None
    compared = [result for result in comparison if result is continuous or result in batches]
    fullest, busiest = (highest(compared, share) for share in ("occupied", "useful"))
    figures = _utilizations(compared, fullest, busiest)
    alike = fullest == busiest == compared
    reasons = () if alike else _why_so_used(continuous, fullest, busiest)
    wordings = [*(f"{figures[0]}{reason}" for reason in reasons), *figures]
    detail, *briefer = dict.fromkeys(wordings)
    text = "By occupied slots, batches that hold finished requests look best; by useful ones,"
    holds = continuous not in fullest and busiest == [continuous]
    return Claim(f"{text} {name(continuous)} is.", holds, detail, tuple(briefer))


def _utilizations(
    compared: Sequence[Result], fullest: Sequence[Result], busiest: Sequence[Result]
) -> tuple[str, ...]:
    """Who is fullest and who is busiest, the fullest wording first."""
    occupied, useful = told(fullest[0], "occupied"), told(busiest[0], "useful")
    if fullest == busiest:
        what = "alike" if fullest == compared else "fullest and busiest"
        return (f"{_are(fullest)} {what}: {occupied} occupied, {useful} useful",)
    full, busy = f"{_are(fullest)} fullest: {occupied} occupied", f"{_are(busiest)} busiest"
    held = told_of_all(fullest, "held")
    return f"{full}, {held} held; {busy}: {useful} useful", f"{full}; {busy}: {useful} useful"


def _are(results: Sequence[Result]) -> str:
    """Strategies with their verb: `static is`, `static and dynamic are`."""
    return f"{names(results)} {'is' if len(results) == 1 else 'are'}"


def _why_so_used(
    continuous: Result, fullest: Sequence[Result], busiest: Sequence[Result]
) -> tuple[str, ...]:
    """Why that is so, the fullest wording first."""
    stalled = billed = briefly = ""
    if continuous in fullest and continuous.utilization.stalled_time:
        share = percent(continuous.utilization.stalled)
        stalled = (
            f"; {share} of the slot time of {name(continuous)} is stalled by prefills of others"
        )
    least = continuous.utilization.useful_time
    if slower := [each for each in busiest if each.utilization.useful_time > least]:
        takes, its = ("takes", "its") if len(slower) == 1 else ("take", "their")
        steps = f"{its} steps are billed for the whole batch"
        billed = f"; {names(slower)} {takes} more slot time for the same tokens, since {steps}"
        briefly = f"; {steps}" if slower == busiest else ""
    return f"{stalled}{billed}", f"{stalled}{briefly}", briefly


def goodput(comparison: Comparison, continuous: Result) -> Claim | None:
    """Who keeps the limits of the service level most often."""
    limits = comparison.workload.slo
    rival = _best_of_the_rest(comparison, continuous, "goodput", lowest=False)
    if rival is None or limits is None:
        return None
    holds = clearly_below(rival, continuous, "goodput")
    detail = (
        f"{limits_text(limits)}: {told(continuous, 'slo_attainment')} of the "
        f"requests, {versus('goodput', continuous, rival)} requests/s with {rival.strategy.name}"
    )
    if not holds:
        detail += _why_no_better(continuous, rival)
    text = f"{_batching(continuous)} keeps the limits for the most requests."
    return Claim(text, holds, detail)


def _why_no_better(continuous: Result, rival: Result) -> str:
    """What outweighs that continuous holds nobody."""
    if rival.strategy.slots > continuous.strategy.slots:
        return f": {name(rival)} has more slots"
    stalled = number(continuous, "mean_stalled") - number(rival, "mean_stalled")
    if stalled > number(rival, "mean_held"):
        more = told(continuous, "mean_stalled")
        return f": prefills one by one stall the others for {more} on average"
    if _keeps_up(rival):
        return f": the load is light, so {rival.strategy.name} does as well"
    if rival.strategy.about.iteration_level:
        return f": {name(rival)} lets requests come and go between iterations as well"
    return ": all queues grow alike"


def _full_batches(comparison: Comparison) -> Result | None:
    """The strategy on stage that waits for full batches, which the others are measured against."""
    waits = (
        result
        for result in comparison
        if not result.strategy.about.iteration_level and not result.strategy.has("timeout")
    )
    return next(waits, None)


def _best_of_the_rest(
    comparison: Comparison, but: Result, metric: str, *, lowest: bool
) -> Result | None:
    """The best of the others that can be compared with it, if there are any."""
    rest = [result for result in comparison if result is not but and comparable(result, but)]
    if not rest:
        return None
    sign = 1 if lowest else -1
    return min(rest, key=lambda result: sign * number(result, metric))


def _batching(result: Result) -> str:
    """A strategy at the head of a sentence: `Continuous batching`."""
    return f"{name(result).capitalize()} batching"


def _keeps_up(result: Result) -> bool:
    """Whether the server is done soon after the last arrival."""
    run = result.run
    arriving = int(run.requests.arrival_time[-1]) - run.begin
    return arriving >= _KEEPS_UP * run.total_time


CHECKS = (throughput, wait, held, stalls, timeout, tail, occupied, goodput)
"""In the order of the story."""
