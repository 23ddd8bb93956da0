"""The metrics: what each is called, how it is measured, and which direction of it is better.

A new metric is one line in `METRIC_TABLE`; JSON, CSV, tables and the app take it from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from tui_batching.analysis.breakdown import PARTS, Breakdown, breakdown
from tui_batching.analysis.cache_use import CacheUse
from tui_batching.analysis.distribution import (
    latencies,
    times_per_output_token,
    times_to_first_token,
    waits,
)
from tui_batching.analysis.kv_use import KvUse, recomputed_tokens
from tui_batching.analysis.service_level import LimitsKept, limits_kept
from tui_batching.analysis.tokens import token_gaps
from tui_batching.analysis.utilization import Utilization, utilization
from tui_batching.clock import SECOND, format_duration, to_seconds
from tui_batching.columns import FloatArray, IntArray, exact_sum, float_sum
from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.numbers import significant
from tui_batching.printable import quoted
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.workload.service_level import ServiceLevel

Value: TypeAlias = float | int | None
"""A metric's value: seconds, tokens or requests per second, a fraction, or a count of tokens.

None where the metric is not defined, as the gaps between tokens where every answer has one token,
the goodput where no limits are set, evictions where memory has no end, or what a log does not tell.
"""
Unit: TypeAlias = Literal["s", "1/s", "share", "count", "number"]
Better: TypeAlias = Literal["low", "high", "none"]


@dataclass(frozen=True)
class Metrics(Mapping[str, Value]):
    """The metrics of one Run by name, such as `metrics["p99_latency"]`; immutable.

    What each name means is told in `METRIC_TABLE`.
    """

    values_by_name: Mapping[str, Value]

    def __getitem__(self, name: str) -> Value:
        """The value of a metric.

        Raises:
            KeyError: if there is none called so; told with the name that is meant, perhaps.
        """
        if name not in self.values_by_name:
            raise KeyError(f"found no metric {name!r}{did_you_mean(name, self.values_by_name)}")
        return self.values_by_name[name]

    def number(self, name: str) -> float:
        """The value of a metric that is defined for the Run.

        Raises:
            InputError: if it is not, as the goodput without limits.
            KeyError: if there is none called so.
        """
        value = self[name]
        if value is None:
            raise InputError(f"{name} is not defined for this run: {_why_undefined(name)}")
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def _why_undefined(name: str) -> str:
    group = METRICS_BY_NAME[name].group
    if group == SERVICE_LEVEL:
        return "the workload sets no limits (slo)"
    if group == KV_MEMORY:
        return "its strategy heeds no memory"
    return "there is nothing to measure"


def metrics(run: Run, slo: ServiceLevel | None = None) -> Metrics:
    """All metrics of a Run. Sums are exact, and divided once.

    Args:
        run: what to measure.
        slo: the limits that SLO attainment and goodput are measured against; None takes those of
            the workload. Without any the two are None.
    """
    measured = Measured(run, slo or run.slo)
    return Metrics({metric.name: metric.of(measured) for metric in METRIC_TABLE})


_PERCENTS = (50, 90, 95, 99)


@dataclass(frozen=True)
class Summary:
    """Mean, standard deviation, largest and percentiles of some times, in seconds."""

    mean: float
    std: float
    largest: float
    p50: float
    p90: float
    p95: float
    p99: float


@dataclass(frozen=True, eq=False)
class Measured:
    """A Run, and what several of its metrics are made from; each is found once, when asked for.

    Attributes:
        run: what is measured.
        slo: the limits that it is measured against, if any.
    """

    run: Run
    slo: ServiceLevel | None

    @cached_property
    def tokens(self) -> int:
        """All tokens made."""
        return exact_sum(self.run.requests.output_tokens)

    @property
    def token_rate(self) -> float:
        """Tokens per second."""
        return self.tokens * SECOND / self.run.total_time

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.run) * SECOND / self.run.total_time

    @cached_property
    def _kept(self) -> LimitsKept | None:
        limits = self.slo and self.slo.of_each
        return None if limits is None else limits_kept(self.run, limits)

    @property
    def attainment(self) -> float | None:
        """The share of requests within the limits; None without limits."""
        return None if self._kept is None else self._kept.attainment

    @property
    def goodput(self) -> float | None:
        """Requests within the limits per second; None without limits."""
        return None if self._kept is None else self._kept.goodput

    @cached_property
    def parts(self) -> Breakdown | None:
        """The parts of the latencies; None of a log, which does not tell them."""
        return breakdown(self.run) if self.run.tells_iterations else None

    @cached_property
    def slots(self) -> Utilization | None:
        """How full the slots were; None of a log, which has none."""
        return utilization(self.run, self.parts) if self.parts else None

    @cached_property
    def memory(self) -> KvUse | None:
        """How full the KV cache was; None where it is ignored or has no end."""
        return KvUse.of(self.run)

    @cached_property
    def cache(self) -> CacheUse | None:
        """What the prefix cache was good for; None where there is none, or it cannot matter."""
        return CacheUse.of(self.run)

    @property
    def computed_prompt_tokens(self) -> int | None:
        """What all prefills computed, those after evictions too; None of the textbook and a log."""
        told = self.run.strategy.is_engine and self.run.tells_iterations
        return exact_sum(self.run.chunks.tokens) if told else None

    @cached_property
    def tokens_per_iteration(self) -> float | None:
        """Tokens computed in an iteration, of prompts and by decode steps, in the mean.

        None of a log.
        """
        run = self.run
        if not run.tells_iterations:
            return None
        decoded = exact_sum(run.steps_by_until) - exact_sum(run.steps_by_ready)
        iterations = int(run.spans.steps[run.spans.computing].sum())
        return (decoded + exact_sum(run.chunks.tokens)) / iterations

    def iterations(self, kind: SpanKind) -> int | None:
        """How many iterations of a kind there were; None of a log."""
        if not self.run.tells_iterations:
            return None
        return int(self.run.spans.steps[self.run.spans.kind == kind].sum())

    @cached_property
    def wait(self) -> Summary | None:
        """From arrival to start; None of a log that does not tell the start."""
        column = waits(self.run)
        return _of_times(column) if len(column) else None

    @cached_property
    def latency(self) -> Summary:
        """From arrival to the end."""
        return _of_times(latencies(self.run))

    @cached_property
    def ttft(self) -> Summary:
        """From arrival to the first token."""
        return _of_times(times_to_first_token(self.run))

    @cached_property
    def tpot(self) -> Summary | None:
        """Between two tokens on average; an answer of one token has none."""
        per_token = times_per_output_token(self.run)
        if not len(per_token):
            return None
        return _summary(per_token, float_sum(per_token))

    @cached_property
    def itl(self) -> Summary | None:
        """All gaps between tokens, pooled, so that a long answer counts more than a short one."""
        gaps = token_gaps(self.run)
        if not gaps:
            return None
        mean = (exact_sum(self.run.finish_time) - exact_sum(self.run.first_token_time)) / gaps.total
        return Summary(
            mean / SECOND,
            gaps.standard_deviation(mean) / SECOND,
            to_seconds(gaps.largest),
            *_in_seconds(gaps.percentiles(_PERCENTS)),
        )


def _of_times(column: IntArray) -> Summary:
    return _summary(column, exact_sum(column))


def _summary(column: IntArray | FloatArray, total: float) -> Summary:
    """The column and its sum are picoseconds."""
    count = len(column)
    squares: FloatArray = np.square(column - total / count)
    return Summary(
        total / (count * SECOND),
        math.sqrt(float_sum(squares) / count) / SECOND,
        column.max().item() / SECOND,
        *_in_seconds(np.percentile(column, _PERCENTS)),
    )


def _in_seconds(percentiles: FloatArray) -> tuple[float, ...]:
    return tuple((percentiles / SECOND).tolist())


_QUANTITIES = {"ttft": "TTFT", "tpot": "TPOT", "itl": "ITL", "e2el": "latency"}
_TITLES = {
    "slo_attainment": "within the limits",
    "prefix_hit_rate": "prompt tokens found in the cache",
}
"""Titles of metrics whose name does not tell it."""


@dataclass(frozen=True)
class MetricInfo:
    """One metric, and how to show it.

    Attributes:
        name: the key in `Metrics`, JSON and CSV.
        group: the heading it stands under.
        label: what it is called there.
        of: its value.
        unit: seconds, per second, a share from 0 to 1, a count, or another number.
        better: whether a low or a high value is better, or neither.
        headline: whether it is worth a row in a short table.
        rare: whether a short table leaves it out where it is zero for all.
        meaning: what it is, in words that go on from its label; empty where that tells it.
        word: what options and limits call it, such as `ttft.p99`; empty where that is its name.
    """

    name: str
    group: str
    label: str
    of: Callable[[Measured], Value]
    unit: Unit = "s"
    better: Better = "low"
    headline: bool = True
    rare: bool = False
    meaning: str = ""
    word: str = ""

    @property
    def called(self) -> str:
        """What options and limits call it."""
        return self.word or self.name

    @property
    def title(self) -> str:
        """What it is called beside a figure: `p99 TTFT`, `mean latency`, `throughput`."""
        quantity, dot, statistic = self.called.partition(".")
        if not dot:
            return _TITLES.get(self.name, self.name.replace("_", " "))
        return f"{statistic} {_QUANTITIES.get(quantity, quantity)}"

    @property
    def full_label(self) -> str:
        """The label where no heading stands above it."""
        return f"{self.group}: {self.label}"


def format_value(metric: MetricInfo, value: Value) -> str:
    """A metric's value for reading: `1.33 s`, `82.2 %`, `101`; a dash where it is not defined."""
    return value_text(value, metric.unit)


def value_text(value: Value, unit: Unit) -> str:
    """A value of this unit for reading, as `format_value`."""
    if value is None:
        return "–"
    if unit == "s":
        return format_duration(round(value * SECOND))
    if unit == "share":
        return f"{value:.1%}".replace("%", " %")
    if unit == "count":
        return f"{value:,}"
    return significant(value, zeros=True)


def best_of(
    metric: MetricInfo, values: Sequence[Value], ignoring: Sequence[bool]
) -> tuple[bool, ...]:
    """Which of the values are the best ones: all of those that look the same.

    None is where the metric has no better direction, or where there is nothing to compare.

    Args:
        metric: what is compared.
        values: of it, one a strategy.
        ignoring: who ignores memory that there is: nobody of them is the best, for what it does
            could not be done.
    """
    if metric.better == "none":
        return (False,) * len(values)
    texts = [format_value(metric, value) for value in values]
    return look_best(values, texts, ignoring, lowest=metric.better == "low")


def look_best(
    values: Sequence[Value], texts: Sequence[str], ignoring: Sequence[bool], *, lowest: bool
) -> tuple[bool, ...]:
    """As `best_of`, for whatever is told by these texts."""
    known = [
        (value, text)
        for value, text, ignores in zip(values, texts, ignoring, strict=True)
        if value is not None and not ignores
    ]
    if len(known) < 2:
        return (False,) * len(values)
    _, best = min(known) if lowest else max(known)
    pairs = zip(texts, ignoring, strict=True)
    return tuple(not ignores and text == best for text, ignores in pairs)


_Rows: TypeAlias = Sequence[tuple[str, str, Callable[[Summary], float], bool]]
"""The statistics of a quantity: prefix of the name, label, value, whether it is a headline."""
_IN_WORDS = {"avg": "mean", "median": "p50"}
"""What a statistic is called behind the dot where it is not the prefix; each means the other."""
_WAITING: _Rows = (  # called as in the notebook
    ("avg", "mean", lambda times: times.mean, True),
    ("p50", "median", lambda times: times.p50, True),
    ("p90", "p90", lambda times: times.p90, False),
    ("p95", "p95", lambda times: times.p95, False),
    ("p99", "p99", lambda times: times.p99, True),
    ("max", "max", lambda times: times.largest, True),
)
_SERVING: _Rows = (  # called as by `vllm bench serve`
    ("mean", "mean", lambda times: times.mean, True),
    ("median", "median", lambda times: times.p50, False),
    ("p90", "p90", lambda times: times.p90, False),
    ("p95", "p95", lambda times: times.p95, False),
    ("p99", "p99", lambda times: times.p99, True),
    ("std", "standard deviation", lambda times: times.std, False),
)


def _statistics(
    quantity: str,
    group: str,
    rows: _Rows,
    of: Callable[[Measured], Summary | None],
    *,
    headline: bool = True,
) -> tuple[MetricInfo, ...]:
    def value(statistic: Callable[[Summary], float]) -> Callable[[Measured], Value]:
        return lambda m: None if (times := of(m)) is None else statistic(times)

    return tuple(
        MetricInfo(
            f"{prefix}_{quantity}",
            group,
            label,
            value(statistic),
            headline=headline and shown,
            word=f"{quantity}.{_IN_WORDS.get(prefix, prefix)}",
        )
        for prefix, label, statistic, shown in rows
    )


_OWN_WORK = ("prefill", "decode")
"""Parts that are the same with every strategy."""
_ONLY_WITH_MEMORY = ("memory", "evicted", "recompute")
"""Parts that only strategies have that heed the KV cache."""


def _part(name: str) -> MetricInfo:
    def mean(m: Measured) -> Value:
        return None if m.parts is None else m.parts.totals[name] / (len(m.run) * SECOND)

    better: Better = "none" if name in _OWN_WORK else "low"
    rare = name in _ONLY_WITH_MEMORY
    return MetricInfo(f"mean_{name}", PARTS_OF_LATENCY, name, mean, better=better, rare=rare)


def _of_memory(
    name: str, label: str, of: Callable[[KvUse], Value], unit: Unit, better: Better
) -> MetricInfo:
    def value(m: Measured) -> Value:
        return None if m.memory is None else of(m.memory)

    return MetricInfo(name, KV_MEMORY, label, value, unit, better)


def _of_cache(
    name: str, label: str, of: Callable[[CacheUse], Value], unit: Unit, better: Better
) -> MetricInfo:
    def value(m: Measured) -> Value:
        return None if m.cache is None else of(m.cache)

    return MetricInfo(name, PREFIX_CACHE, label, value, unit, better)


def _of_slots(of: Callable[[Utilization], float]) -> Callable[[Measured], Value]:
    return lambda m: None if m.slots is None else of(m.slots)


def _iterations(kind: SpanKind, label: str) -> MetricInfo:
    name = f"{kind.name.lower()}_iterations"
    return MetricInfo(name, ITERATIONS, label, lambda m: m.iterations(kind), "count", "none")


SERVICE_LEVEL = "Service level"
"""The group of the metrics that only a workload with limits has."""
WHERE_TIME_WENT = "Where the time went"
PARTS_OF_LATENCY = f"{WHERE_TIME_WENT} (mean)"
"""The group of the mean parts, which sum to the mean latency."""
KV_MEMORY = "KV cache"
"""The group of the metrics that only strategies have that heed the KV cache."""
PREFIX_CACHE = "Prefix cache"
"""The group of the metrics that only strategies have that find what others have computed."""
ITERATIONS = "Iterations"
"""The group that a short table tells with them."""
_RATES = "Throughput"
SLOTS = "Utilization of the slots"
"""The group of the shares of slot-time."""

METRIC_TABLE: tuple[MetricInfo, ...] = (
    *_statistics("wait", "Wait", _WAITING, lambda m: m.wait),
    *_statistics("latency", "Latency", _WAITING, lambda m: m.latency),
    *_statistics("ttft", "Time to first token", _SERVING, lambda m: m.ttft),
    *_statistics("tpot", "Time per output token", _SERVING, lambda m: m.tpot),
    *_statistics("itl", "Time between tokens", _SERVING, lambda m: m.itl),
    *_statistics("e2el", "End-to-end latency", _SERVING, lambda m: m.latency, headline=False),
    MetricInfo("throughput", _RATES, "tokens per second", lambda m: m.token_rate, "1/s", "high"),
    MetricInfo(
        "request_throughput", _RATES, "requests per second", lambda m: m.rate, "1/s", "high"
    ),
    MetricInfo(
        "total_time",
        _RATES,
        "total time",
        lambda m: to_seconds(m.run.total_time),
        meaning="from the first arrival to the last answer",
    ),
    MetricInfo("total_tokens", _RATES, "tokens", lambda m: m.tokens, "count", "none"),
    MetricInfo(
        "slo_attainment",
        SERVICE_LEVEL,
        "SLO attainment",
        lambda m: m.attainment,
        "share",
        "high",
        word="attainment",
    ),
    MetricInfo(
        "goodput", SERVICE_LEVEL, "goodput (requests/s)", lambda m: m.goodput, "1/s", "high"
    ),
    MetricInfo("useful", SLOTS, "useful", _of_slots(lambda slots: slots.useful), "share", "high"),
    MetricInfo("held", SLOTS, "held (the bubble)", _of_slots(lambda slots: slots.held), "share"),
    MetricInfo(
        "stalled",
        SLOTS,
        "stalled",
        _of_slots(lambda slots: slots.stalled),
        "share",
        meaning="stopped or slowed",
    ),
    # More occupied is not better: a slot that holds a finished request is occupied, too.
    MetricInfo(
        "occupied", SLOTS, "occupied", _of_slots(lambda slots: slots.occupied), "share", "none"
    ),
    *map(_part, PARTS),
    _of_memory("evictions", "evictions", lambda kv: int(kv.run.evictions.sum()), "count", "low"),
    _of_memory(
        "recomputed_tokens",
        "tokens recomputed",
        lambda kv: recomputed_tokens(kv.run),
        "count",
        "low",
    ),
    # A full cache is good where nobody is evicted, and bad where somebody is.
    _of_memory("peak_kv", "used at the peak", lambda kv: kv.peak, "share", "none"),
    _of_memory("mean_kv", "used in the mean", lambda kv: kv.mean, "share", "none"),
    _of_cache(
        "prefix_hit_rate", "hit rate (tokens)", lambda cache: cache.hit_rate, "share", "high"
    ),
    _of_cache(
        "found_prompt_tokens", "prompt tokens found", lambda cache: cache.found, "count", "none"
    ),
    _of_cache("lost_prompt_tokens", "prompt tokens lost", lambda cache: cache.lost, "count", "low"),
    MetricInfo(
        "computed_prompt_tokens",
        PREFIX_CACHE,
        "prompt tokens computed",
        lambda m: m.computed_prompt_tokens,
        "count",
    ),
    _iterations(SpanKind.PREFILL, "prefill alone"),
    _iterations(SpanKind.DECODE, "decode alone"),
    _iterations(SpanKind.MIXED, "mixed"),
    MetricInfo(
        "tokens_per_iteration",
        ITERATIONS,
        "tokens each",
        lambda m: m.tokens_per_iteration,
        "number",
        "none",
    ),
)
"""All metrics in the order of a table, group by group."""

METRICS_BY_NAME: dict[str, MetricInfo] = {metric.name: metric for metric in METRIC_TABLE} | {
    f"{word}_{metric.name.removeprefix(f'{same}_')}": metric
    for metric in METRIC_TABLE
    for pair in _IN_WORDS.items()
    for same, word in (pair, pair[::-1])
    if metric.name.startswith(f"{same}_")
}
"""By name, and with the other word for a mean or a median, as exports have both: `mean_latency`."""


def metric_called(word: str) -> MetricInfo:
    """The metric that a word such as `ttft.p99`, or its name, means.

    Raises:
        InputError: if there is none.
    """
    words = {metric.called: metric for metric in METRIC_TABLE}
    for known in (words, METRICS_BY_NAME):
        if word in known:
            return known[word]
    found, hint = f"found no metric {quoted(word)}", did_you_mean(word, words)
    # Of each quantity one statistic, so that all that there is fits into a sentence.
    told = [each for each in words if "." not in each or each.endswith(".mean")]
    others = " (p50, p90, p95 or p99 as well as mean)"
    raise InputError(f"{found}, expected {one_of(told)}{others}{hint}")
