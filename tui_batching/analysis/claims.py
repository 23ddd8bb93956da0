"""What is said of the strategies, each sentence checked against the Runs at hand.

A claim that does not hold on a workload says so, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_batching.analysis.comparison import Comparison, Result
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.service_level import limits_text

CLEARLY = 0.05
"""By which share a value must be better than another one to be called so."""
_KEEPS_UP = 0.9
"""The share of a Run during which requests still arrive, where the server keeps up with them."""


@dataclass(frozen=True)
class Claim:
    """One sentence and its check.

    Attributes:
        text: what is said.
        holds: whether it is so here.
        detail: the numbers, and where it does not hold, the reason.
    """

    text: str
    holds: bool
    detail: str


def claims(comparison: Comparison) -> tuple[Claim, ...]:
    """All claims about the strategies on stage, in the order of the story.

    What is said of a strategy is named in its lesson; see `CHECKS`.
    """
    told = sorted(comparison, key=lambda result: not result.strategy.about.iteration_level)
    found = (
        CHECKS[name](comparison, result)
        for result in told
        for name in result.strategy.about.lesson.claims
    )
    return tuple(claim for claim in found if claim)


def claim_called(name: str, comparison: Comparison) -> Claim | None:
    """The claim of this name about the first strategy of which it is said, if there is one."""
    for result in comparison:
        if name in result.strategy.about.lesson.claims:
            return CHECKS[name](comparison, result)
    return None


def throughput(comparison: Comparison, continuous: Result) -> Claim | None:
    """More tokens a second."""
    static = _full_batches(comparison)
    if static is None:
        return None
    ratio = _number(continuous, "throughput") / _number(static, "throughput")
    holds = ratio > 1 + CLEARLY
    rates = f"{_versus('throughput', continuous, static)} tokens/s"
    told = f"{ratio:.2f}x the throughput of {_name(static)} ({rates})"
    tokens = continuous.run.requests.output_tokens
    longest = tokens.max() / tokens.mean()
    if holds:
        usual = "2–3x and more are usual with" if ratio >= 2 else "the usual 2–3x needs"
        needs = f"{usual} answers of diverse lengths and a load that fills the slots"
        detail = f"{told}; {needs}: here the longest answer has {longest:.1f}x the mean length"
    elif _keeps_up(static):
        detail = f"{told}: the load is light, so static keeps up with the arrivals as well"
    else:
        detail = (
            f"{told}: only {_percent(static.utilization.held)} of the slot time of {_name(static)} "
            "is held, "
            f"and {_percent(continuous.utilization.stalled)} of that of {_name(continuous)} "
            "is stalled"
        )
    return Claim(f"{_batching(continuous)} makes more tokens per second.", holds, detail)


def wait(comparison: Comparison, continuous: Result) -> Claim | None:
    """A shorter wait for the unluckiest."""
    static = _full_batches(comparison)
    if static is None:
        return None
    holds = _clearly_below(continuous, static, "p99_wait")
    detail = f"p99 wait {_versus('p99_wait', continuous, static)} with {_name(static)}"
    if not holds:
        detail += ": a slot becomes free hardly sooner"
    return Claim(f"The longest waits are shorter than with {_name(static)}.", holds, detail)


def held(comparison: Comparison, continuous: Result) -> Claim | None:
    """No finished request in a slot."""
    static = _full_batches(comparison)
    if static is None:
        return None
    mean = _number(static, "mean_held")
    share = mean / _number(static, "avg_latency")
    if mean > 0:
        detail = (
            f"with {_name(static)} an answer is held for {_told(static, 'mean_held')} on average, "
            f"{_percent(share)} of its latency; with {_name(continuous)}, "
            f"{_told(continuous, 'mean_held')}"
        )
    else:
        detail = (
            f"with {_name(static)} none has to stay for a longer one, so there is nothing to gain"
        )
    return Claim("A finished request leaves at once and hands its slot on.", mean > 0, detail)


def stalls(comparison: Comparison, continuous: Result) -> Claim | None:
    """What continuous batching costs."""
    static = _full_batches(comparison)
    if static is None:
        return None
    holds = _clearly_below(static, continuous, "mean_stalled")
    detail = (
        f"stalled for {_versus('mean_stalled', continuous, static)} with {_name(static)} on average"
    )
    if _number(continuous, "mean_tpot") and _number(static, "mean_tpot"):
        detail += f"; time per output token {_versus('mean_tpot', continuous, static)}"
    if not holds:
        detail += ": few requests are running while others are prefilled"
    text = f"{_batching(continuous)} pays with stalls: the prefill of a newcomer stops all others."
    return Claim(text, holds, detail)


def timeout(comparison: Comparison, dynamic: Result) -> Claim | None:
    """What the timeout of dynamic batching buys."""
    static = _full_batches(comparison)
    if static is None:
        return None
    holds = _clearly_below(dynamic, static, "mean_forming")
    detail = (
        f"a batch keeps its requests waiting for {_versus('mean_forming', dynamic, static)} with "
        f"static on average; p99 latency {_versus('p99_latency', dynamic, static)}"
    )
    if not holds:
        detail += ": the batches fill before the timeout passes"
    return Claim("A timeout spares the first of a batch the wait for the last.", holds, detail)


def tail(comparison: Comparison, continuous: Result) -> Claim | None:
    """The latency of the unluckiest."""
    if len(comparison.results) < 2:
        return None
    rival = _best_of_the_rest(comparison, continuous, "p99_latency", lowest=True)
    holds = _clearly_below(continuous, rival, "p99_latency")
    detail = f"p99 latency {_versus('p99_latency', continuous, rival)} with {rival.strategy.name}"
    if not holds:
        detail += _why_no_better(continuous, rival)
    return Claim(f"{_batching(continuous)} has the shortest tail of latencies.", holds, detail)


def occupied(comparison: Comparison, continuous: Result) -> Claim | None:
    """Which of the two utilizations misleads."""
    if len(comparison.results) < 2:
        return None
    fullest = max(comparison, key=lambda result: result.utilization.occupied)
    busiest = max(comparison, key=lambda result: result.utilization.useful)
    holds = fullest is not continuous and busiest is continuous
    detail = (
        f"{fullest.strategy.name} is fullest: {_told(fullest, 'occupied')} occupied, "
        f"{_told(fullest, 'bubble')} bubble; "
        f"{busiest.strategy.name} is busiest: {_told(busiest, 'useful')} useful"
    )
    if fullest is continuous:
        stalled = _percent(continuous.utilization.stalled)
        detail += (
            f"; {stalled} of the slot time of {_name(continuous)} is stalled by prefills of others"
        )
    if busiest.utilization.useful_time > continuous.utilization.useful_time:
        name = busiest.strategy.name
        detail += f"; {name} takes more slot time for the same tokens, since its steps are "
        detail += "billed for the whole batch"
    text = "By occupied slots, batches that hold finished requests look best; by useful ones,"
    return Claim(f"{text} {_name(continuous)} is.", holds, detail)


def goodput(comparison: Comparison, continuous: Result) -> Claim | None:
    """Who keeps the limits of the service level most often."""
    limits = comparison.workload.slo
    if len(comparison.results) < 2 or limits is None:
        return None
    rival = _best_of_the_rest(comparison, continuous, "goodput", lowest=False)
    holds = _clearly_below(rival, continuous, "goodput")
    detail = (
        f"{limits_text(limits)}: {_told(continuous, 'slo_attainment')} of the "
        f"requests, {_versus('goodput', continuous, rival)} requests/s with {rival.strategy.name}"
    )
    if not holds:
        detail += _why_no_better(continuous, rival)
    text = f"{_batching(continuous)} keeps the limits for the most requests."
    return Claim(text, holds, detail)


def _why_no_better(continuous: Result, rival: Result) -> str:
    """What outweighs that continuous holds nobody."""
    stalled = _number(continuous, "mean_stalled") - _number(rival, "mean_stalled")
    if stalled > _number(rival, "mean_held"):
        more = _told(continuous, "mean_stalled")
        return f": prefills one by one stall the others for {more} on average"
    if _keeps_up(rival):
        return f": the load is light, so {rival.strategy.name} does as well"
    return ": all queues grow alike"


def _full_batches(comparison: Comparison) -> Result | None:
    """The strategy on stage that waits for full batches, which the others are measured against."""
    waits = (
        result
        for result in comparison
        if not result.strategy.about.iteration_level and not result.strategy.has("timeout")
    )
    return next(waits, None)


def _best_of_the_rest(comparison: Comparison, but: Result, metric: str, *, lowest: bool) -> Result:
    """The best of the other strategies."""
    rest = [result for result in comparison if result is not but]
    sign = 1 if lowest else -1
    return min(rest, key=lambda result: sign * _number(result, metric))


def _name(result: Result) -> str:
    return result.strategy.name


def _batching(result: Result) -> str:
    """A strategy at the head of a sentence: `Continuous batching`."""
    return f"{_name(result).capitalize()} batching"


def _keeps_up(result: Result) -> bool:
    """Whether the server is done soon after the last arrival."""
    run = result.run
    arriving = int(run.requests.arrival_time[-1]) - run.begin
    return arriving >= _KEEPS_UP * run.makespan


def _clearly_below(low: Result, high: Result, metric: str) -> bool:
    return _number(low, metric) < (1 - CLEARLY) * _number(high, metric)


def _number(result: Result, metric: str) -> float:
    """A metric's value; 0 where it is not defined."""
    return float(result.metrics[metric] or 0)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _told(result: Result, metric: str) -> str:
    return format_value(METRICS_BY_NAME[metric], result.metrics[metric])


def _versus(metric: str, one: Result, other: Result) -> str:
    """Two values: `101 against 84.6`."""
    return f"{_told(one, metric)} against {_told(other, metric)}"


CHECKS: dict[str, Callable[[Comparison, Result], Claim | None]] = {
    check.__name__: check
    for check in (throughput, wait, held, stalls, timeout, tail, occupied, goodput)
}
"""The claims that lessons name; each says it of one result, or nothing where it does not apply."""
