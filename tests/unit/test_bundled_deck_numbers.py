"""Every number that the bundled tour tells is computed here, and none is left that is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from tour import EACH_CHAPTER, TOUR

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.sweeps import Kind, Sweep, sweep
from tui_batching.clock import SECOND, format_duration
from tui_batching.sim.spans import SpanKind
from tui_batching.tour import Chapter
from tui_batching.tour.deck import step_times
from tui_batching.workload import apply_settings, load_workload


@cache
def served(chapter: str) -> Comparison:
    (found,) = (each for each in TOUR.chapters if each.title == chapter)
    settings = [f"{key}={value}" for key, value in found.settings.items()]
    return compare(apply_settings(found.workload, settings))


class Facts:
    """What a chapter's Runs say, worded as its texts word it."""

    def __init__(self, chapter: str) -> None:
        self.results = served(chapter)
        self.requests = self.results.workload.requests
        self.cost = self.results.workload.cost

    def of(self, strategy: str, column: str, number: int) -> str:
        """An instant of a request, in seconds."""
        return seconds(int(getattr(self.results[strategy].run, column)[number]))

    def latency(self, strategy: str, number: int) -> str:
        run = self.results[strategy].run
        return seconds(int(run.end[number] - run.requests.arrival_time[number]))

    def wait(self, strategy: str, number: int) -> int:
        run = self.results[strategy].run
        return int(run.start[number] - run.requests.arrival_time[number])

    def metric(self, strategy: str, name: str) -> float:
        value = self.results[strategy].metrics[name]
        assert value is not None
        return float(value)

    def percent(self, strategy: str, name: str) -> str:
        return f"{self.metric(strategy, name):.0%}".replace("%", " %")

    def steps(self, strategy: str) -> int:
        spans = self.results[strategy].run.spans
        return int(spans.steps[spans.kind == SpanKind.DECODE].sum())

    def tokens(self, number: int) -> int:
        return int(self.requests.output_tokens[number])


def seconds(time: int) -> str:
    return f"{time / SECOND:.2f} s"


def ratio(facts: Facts, name: str) -> str:
    return f"{facts.metric('continuous', name) / facts.metric('static', name):.1f} times"


def step_ratio(facts: Facts) -> str:
    one, *_, sixteen, _ = step_times(facts.results.workload)
    assert sixteen.batch_size == 16
    return f"16 makes {sixteen.tokens_per_second / one.tokens_per_second:.1f} times"


def slot_goes_on(facts: Facts) -> str:
    run = facts.results["continuous"].run
    assert run.stays.slot[0] == run.stays.slot[4]
    steps = run.spans.decode_steps_at(run.start)
    return f"slot of R0 goes on to R4 after {steps[4]} steps"


@cache
def swept(kind: Kind, workload: str) -> Sweep:
    return sweep(load_workload(workload), kind)


def saturation(strategy: str) -> str:
    return f"{swept('load', 'chat').saturation[strategy]:.2f}"


def most_tokens(strategy: str) -> str:
    points = swept("load", "chat").curve(strategy)
    return f"{max(point.metric('throughput') for point in points):.0f}"


def at_size(slots: int, strategy: str, metric: str) -> float:
    return swept("batch-size", "notebook").row(slots)[strategy].metric(metric)


CLAIMS: dict[str, list[Callable[[Facts], str]]] = {
    "The problem": [
        lambda f: f"from {f.requests.output_tokens.min()} to {f.requests.output_tokens.max()}",
        lambda f: {20: "Twenty requests"}[len(f.requests)],
        lambda f: {4: "within five seconds"}[int(f.requests.arrival_time.max()) // SECOND],
        lambda f: {20: "the same twenty"}[len(f.requests)],
    ],
    "What one step costs": [
        lambda f: f"{format_duration(f.cost.decode_step, 2)} for one request",
        lambda f: f"{format_duration(f.cost.per_extra_request, 1)} more for each",
        step_ratio,
        lambda f: f"{format_duration(f.cost.prefill_per_token, 1)} for each token",
    ],
    "Static batching": [
        lambda f: {4: "Wait for four"}[f.results["static"].run.capacity],
        lambda f: f"done at {f.results['static'].run.finish[2] / SECOND:.1f} s",
        lambda f: f"held until {f.results['static'].run.end[2] / SECOND:.1f} s",
        lambda f: f"starts at {f.of('static', 'start', 0)}",
        lambda f: f"{f.tokens(2)} tokens, R3 has {f.tokens(3)}",
        lambda f: {4: "billed for four"}[int(f.results["static"].run.spans.billed.max())],
    ],
    "Dynamic batching": [
        lambda f: f"{format_duration(f.results.workload.strategy('dynamic').timeout)} have",
        lambda f: f"starts at {f.of('dynamic', 'start', 0)}",
        lambda f: f"until {f.of('static', 'start', 0)}",
        lambda f: f"arrives at {seconds(int(f.requests.arrival_time[0]))}",
    ],
    "Continuous batching": [
        lambda f: f"answered after {f.latency('continuous', 2)}",
        lambda f: f"takes {f.latency('static', 2)}",
    ],
    "The whole story at once": [
        lambda f: f"at {seconds(f.results['static'].run.finished)}",
        lambda f: f"dynamic at {seconds(f.results['dynamic'].run.finished)}",
        lambda f: f"continuous at {seconds(f.results['continuous'].run.finished)}",
    ],
    "The bubble": [
        lambda f: f"occupies {f.percent('static', 'occupied')}",
        lambda f: f"only {f.percent('static', 'useful')} are useful",
        lambda f: f"{f.percent('static', 'held')} are held",
        lambda f: f"and {f.percent('static', 'stalled')} are stalled",
        lambda f: (
            f"at {f.percent('static', 'occupied')} against"
            f" {f.percent('continuous', 'occupied')} for"
        ),
        lambda f: (
            f"it is {f.percent('static', 'useful')} against {f.percent('continuous', 'useful')}"
        ),
        lambda f: f"but {f.percent('continuous', 'stalled')} of its slot-time",
        lambda f: {0: "holds nobody"}[f.metric("continuous", "held")],
    ],
    "The numbers": [
        lambda f: f"{f.metric('continuous', 'throughput'):.0f} tokens",
        lambda f: f"static {f.metric('static', 'throughput'):.0f}",
        lambda f: f"{f.metric('continuous', 'p99_latency'):.2f} s",
        lambda f: f"{f.metric('static', 'p99_latency'):.2f} s",
        lambda f: f"{f.metric('continuous', 'mean_tpot') * 1000:.0f} ms instead",
        lambda f: f"{f.metric('static', 'mean_tpot') * 1000:.0f} ms.",
        lambda f: f"{f.metric('static', 'mean_held'):.2f} s of the mean",
    ],
    "Six requests, and why R0 and R4 win": [
        lambda f: {6: "Six requests"}[len(f.requests)],
        lambda f: (
            f"{f.tokens(0)} tokens: {f.latency('static', 0)} with static,"
            f" {f.latency('continuous', 0)} with"
        ),
        lambda f: f"comes at {seconds(int(f.requests.arrival_time[4]))}",
        lambda f: f"{f.latency('static', 4)} with static, and {f.latency('continuous', 4)}",
        lambda f: f"wants {f.tokens(3)} tokens",
        lambda f: f"until {f.of('static', 'end', 0)}",
        lambda f: (
            f"waits {seconds(f.wait('static', 4))} with static,"
            f" and {format_duration(f.wait('continuous', 4), 1)} with"
        ),
        lambda f: f"gets slot {f.results['continuous'].run.stays.slot[0]}",
    ],
    "When more people come": [
        lambda f: f"Static and dynamic can serve {saturation('static')} per second",
        lambda f: f"continuous {saturation('continuous')}.",
        lambda f: f"{len(f.requests)} requests of a chat",
        lambda f: f"{most_tokens('static')} tokens per second at most",
        lambda f: f"continuous {most_tokens('continuous')},",
    ],
    "How large a batch?": [
        lambda f: (
            f"From 4 slots to 8: {at_size(8, 'continuous', 'throughput'):.0f} instead of"
            f" {at_size(4, 'continuous', 'throughput'):.0f} tokens"
        ),
        lambda f: "From 8 to 16 slots static gets slower: it waits for 16 requests",
        lambda f: (
            f"With 16 slots the mean latency of static rises"
            f" from {at_size(8, 'static', 'avg_latency'):.2f} s"
            f" to {at_size(16, 'static', 'avg_latency'):.2f} s"
        ),
    ],
    "Slots, token by token": [
        lambda f: (
            f"{f.steps('static')} steps for these {f.metric('static', 'total_tokens'):.0f}"
            f" tokens, continuous {f.steps('continuous')}"
        ),
        slot_goes_on,
        lambda f: f"its {f.tokens(3)} tokens",
    ],
    "Everybody's latency": [
        lambda f: f"{len(f.requests)} chat requests",
        lambda f: (
            f"within {f.metric('continuous', 'p50_latency'):.1f} s with continuous,"
            f" {f.metric('static', 'p50_latency'):.0f} s with static"
        ),
        lambda f: (
            f"99 of 100 are answered within {f.metric('continuous', 'p99_latency'):.0f} s,"
            f" and {f.metric('static', 'p99_latency'):.0f} s"
        ),
    ],
    "What to take home": [
        lambda f: f"{ratio(Facts('The numbers'), 'throughput')} the throughput",
        lambda f: f"{ratio(Facts(EVERYBODY), 'throughput')} on",
        lambda f: {20: "the twenty requests"}[len(Facts("The numbers").requests)],
    ],
}

EVERYBODY = "Everybody's latency"

NOT_OF_THE_RUNS = ("2 to 3 times", "Press 1,")
"""What is quoted of others, and a key."""

NUMBERS = re.compile(r"(?<![A-Za-z0-9])[0-9]|\b(?:three|four|six|eight|twenty)\b", re.IGNORECASE)


@EACH_CHAPTER
def test_every_number_is_true(chapter: Chapter) -> None:
    told = "\n".join((chapter.title, *chapter.text, *chapter.notes))
    facts = Facts(chapter.title)
    for claim in CLAIMS.get(chapter.title, []):
        phrase = claim(facts)
        assert phrase in told
        told = told.replace(phrase, "", 1)
    for phrase in NOT_OF_THE_RUNS:
        told = told.replace(phrase, "")
    assert not NUMBERS.search(told)


def test_static_and_dynamic_saturate_at_the_same_load_and_before_continuous() -> None:
    assert saturation("static") == saturation("dynamic") < saturation("continuous")


def test_continuous_is_nearer_to_the_ideal_corner_at_every_load() -> None:
    found = swept("load", "chat")
    for load in found.values:
        points = found.row(load)
        ours = points["continuous"]
        for other in (points["static"], points["dynamic"]):
            assert ours.metric("throughput") >= other.metric("throughput")
            assert ours.metric("p99_latency") < other.metric("p99_latency")


def test_r2_is_held_and_everybody_else_stalls() -> None:
    results = served("The numbers")
    assert results["continuous"].metrics["mean_held"] == 0
    assert results["continuous"].metrics["mean_stalled"] > results["static"].metrics["mean_stalled"]


def test_who_counts_held_slots_as_used_finds_static_best() -> None:
    occupied = [result.metrics["occupied"] for result in served("The bubble")]
    useful = [result.metrics["useful"] for result in served("The bubble")]
    assert occupied[0] == max(occupied)
    assert useful[2] == max(useful)
