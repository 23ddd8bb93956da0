"""What is said of the strategies, each sentence checked against the Runs at hand.

A claim that does not hold on a workload says so, and why.
"""

from __future__ import annotations

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
    """All claims about the strategies that there are, in the order of the story."""
    by_name = {result.strategy.name: result for result in comparison}
    static, dynamic, continuous = (
        by_name.get(name) for name in ("static", "dynamic", "continuous")
    )
    found: list[Claim] = []
    if static and continuous:
        found += [check(static, continuous) for check in (throughput, wait, held, stalls)]
    if continuous and len(by_name) > 1:
        found += [tail(comparison), occupied(comparison)]
        found += [goodput(comparison)] if comparison.workload.slo else []
    if static and dynamic:
        found.append(timeout(static, dynamic))
    return tuple(found)


def throughput(static: Result, continuous: Result) -> Claim:
    """More tokens a second."""
    ratio = _number(continuous, "throughput") / _number(static, "throughput")
    holds = ratio > 1 + CLEARLY
    told = f"{ratio:.2f}x the throughput of static ({_versus('throughput', continuous, static)}"
    told += " tokens/s)"
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
            f"{told}: only {_percent(static.utilization.held)} of the slot time of static is held, "
            f"and {_percent(continuous.utilization.stalled)} of that of continuous is stalled"
        )
    return Claim("Continuous batching makes more tokens per second.", holds, detail)


def wait(static: Result, continuous: Result) -> Claim:
    """A shorter wait for the unluckiest."""
    holds = _clearly_below(continuous, static, "p99_wait")
    detail = f"p99 wait {_versus('p99_wait', continuous, static)} with static"
    if not holds:
        detail += ": a slot becomes free hardly sooner"
    return Claim("The longest waits are shorter than with static.", holds, detail)


def held(static: Result, continuous: Result) -> Claim:
    """No finished request in a slot."""
    mean = _number(static, "mean_held")
    share = mean / _number(static, "avg_latency")
    if mean > 0:
        detail = (
            f"with static an answer is held for {_told(static, 'mean_held')} on average, "
            f"{_percent(share)} of its latency; with continuous, {_told(continuous, 'mean_held')}"
        )
    else:
        detail = "with static none has to stay for a longer one, so there is nothing to gain"
    return Claim("A finished request leaves at once and hands its slot on.", mean > 0, detail)


def stalls(static: Result, continuous: Result) -> Claim:
    """What continuous batching costs."""
    holds = _clearly_below(static, continuous, "mean_stalled")
    detail = f"stalled for {_versus('mean_stalled', continuous, static)} with static on average"
    if _number(continuous, "mean_tpot") and _number(static, "mean_tpot"):
        detail += f"; time per output token {_versus('mean_tpot', continuous, static)}"
    if not holds:
        detail += ": few requests are running while others are prefilled"
    text = "Continuous batching pays with stalls: the prefill of a newcomer stops all others."
    return Claim(text, holds, detail)


def timeout(static: Result, dynamic: Result) -> Claim:
    """What the timeout of dynamic batching buys."""
    holds = _clearly_below(dynamic, static, "mean_forming")
    detail = (
        f"a batch keeps its requests waiting for {_versus('mean_forming', dynamic, static)} with "
        f"static on average; p99 latency {_versus('p99_latency', dynamic, static)}"
    )
    if not holds:
        detail += ": the batches fill before the timeout passes"
    return Claim("A timeout spares the first of a batch the wait for the last.", holds, detail)


def tail(comparison: Comparison) -> Claim:
    """The latency of the unluckiest."""
    continuous, rival = _against_the_rest(comparison, "p99_latency", lowest=True)
    holds = _clearly_below(continuous, rival, "p99_latency")
    detail = f"p99 latency {_versus('p99_latency', continuous, rival)} with {rival.strategy.name}"
    if not holds:
        detail += _why_no_better(continuous, rival)
    return Claim("Continuous batching has the shortest tail of latencies.", holds, detail)


def occupied(comparison: Comparison) -> Claim:
    """Which of the two utilizations misleads."""
    fullest = max(comparison, key=lambda result: result.utilization.occupied)
    busiest = max(comparison, key=lambda result: result.utilization.useful)
    continuous = comparison["continuous"]
    holds = fullest is not continuous and busiest is continuous
    detail = (
        f"{fullest.strategy.name} is fullest: {_told(fullest, 'occupied')} occupied, "
        f"{_told(fullest, 'bubble')} bubble; "
        f"{busiest.strategy.name} is busiest: {_told(busiest, 'useful')} useful"
    )
    if fullest is continuous:
        stalled = _percent(continuous.utilization.stalled)
        detail += f"; {stalled} of the slot time of continuous is stalled by prefills of others"
    if busiest.utilization.useful_time > continuous.utilization.useful_time:
        name = busiest.strategy.name
        detail += f"; {name} takes more slot time for the same tokens, since its steps are "
        detail += "billed for the whole batch"
    text = "By occupied slots, batches that hold finished requests look best; by useful ones,"
    return Claim(f"{text} continuous is.", holds, detail)


def goodput(comparison: Comparison) -> Claim:
    """Who keeps the limits of the service level most often."""
    continuous, rival = _against_the_rest(comparison, "goodput", lowest=False)
    holds = _clearly_below(rival, continuous, "goodput")
    limits = comparison.workload.slo
    detail = f"{limits_text(limits)}: " if limits else ""
    detail += (
        f"{_told(continuous, 'slo_attainment')} of the requests, "
        f"{_versus('goodput', continuous, rival)} requests/s with {rival.strategy.name}"
    )
    if not holds:
        detail += _why_no_better(continuous, rival)
    return Claim("Continuous batching keeps the limits for the most requests.", holds, detail)


def _why_no_better(continuous: Result, rival: Result) -> str:
    """What outweighs that continuous holds nobody."""
    stalled = _number(continuous, "mean_stalled") - _number(rival, "mean_stalled")
    if stalled > _number(rival, "mean_held"):
        more = _told(continuous, "mean_stalled")
        return f": prefills one by one stall the others for {more} on average"
    if _keeps_up(rival):
        return f": the load is light, so {rival.strategy.name} does as well"
    return ": all queues grow alike"


def _against_the_rest(
    comparison: Comparison, metric: str, *, lowest: bool
) -> tuple[Result, Result]:
    """Continuous, and the best of the others."""
    rest = [result for result in comparison if result.strategy.name != "continuous"]
    sign = 1 if lowest else -1
    return comparison["continuous"], min(rest, key=lambda result: sign * _number(result, metric))


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
