"""What is on stage in a chapter of the bundled tour, for the tests of what the tour tells."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from tour import TOUR

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.clock import HORIZON, MILLISECOND
from tui_batching.numbers import significant
from tui_batching.sim.life import State, states_at
from tui_batching.sim.run import Run
from tui_batching.strategies import Vllm
from tui_batching.tour import Chapter

WORDS = dict(
    zip(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        range(2, 11),
        strict=True,
    )
)
WORDS |= {
    "eleven": 11,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "twenty": 20,
    "twenty-four": 24,
}
WORDS |= {"eighty": 80, "a thousand": 1000, "two thousand": 2000}


def word(number: float) -> str:
    """A count as it is written in a sentence."""
    (found,) = (word for word, value in WORDS.items() if value == number)
    return found


@cache
def chapter_called(title: str) -> Chapter:
    (found,) = (each for each in TOUR.chapters if each.title == title)
    return found


@cache
def served(title: str) -> Comparison:
    return compare(chapter_called(title).served)


class Facts:
    """What a chapter's Runs say, at the instant at which it stops, or at which it begins."""

    def __init__(self, title: str, *, begun: bool = False) -> None:
        self.chapter = chapter = chapter_called(title)
        self.results = served(title)
        self.workload = self.results.workload
        self.requests = self.workload.requests
        self.instant = chapter.at if begun or chapter.until is None else chapter.until

    @property
    def vllm(self) -> str:
        """The name of vLLM's lane, of the first one if there are several."""
        return next(each.name for each in self.workload.strategies if isinstance(each, Vllm))

    def run(self, strategy: str) -> Run:
        return self.results[strategy].run

    def metric(self, strategy: str, name: str) -> float:
        value = self.results[strategy].metrics[name]
        assert value is not None
        return float(value)

    def cells(self, strategy: str, *names: str) -> str:
        """Some metrics of a strategy as cells of a table have them."""
        values = self.results[strategy].metrics
        return " | ".join(format_value(METRICS_BY_NAME[name], values[name]) for name in names)

    def ratio(self, name: str) -> float:
        return self.metric("continuous", name) / self.metric("static", name)

    def who(self, strategy: str, *states: State) -> list[str]:
        """The requests that do one of these things at the instant."""
        run = self.run(strategy)
        found = states_at(run, np.arange(len(run)), np.array([min(self.instant, HORIZON)]))[:, 0]
        return [f"R{self.requests.id[row]}" for row in np.flatnonzero(np.isin(found, states))]

    def running(self, strategy: str) -> int:
        return len(self.who(strategy, State.PREFILL, State.STALLED, State.DECODE))

    def made(self, strategy: str, row: int) -> int:
        """How many tokens a request has made at the instant."""
        return int(self.run(strategy).at(self.instant).tokens_made(np.array([row]))[0])

    def answered_with(self, strategy: str, row: int) -> int:
        """How many requests are answered at the same instant as this one."""
        end = self.run(strategy).end_time
        return int((end == end[row]).sum())

    @property
    def count(self) -> int:
        return len(self.requests)


def before_and_after(title: str, metric: str) -> str:
    """A duration that is a metric of both lanes of a chapter, in one unit: `4.85 → 2.67 s`."""
    facts = Facts(title)
    values = [facts.metric(each.name, metric) for each in facts.workload.strategies]
    scale, unit = (1, "s") if max(values) >= 1 else (1000, "ms")
    return " → ".join(significant(value * scale) for value in values) + f" {unit}"


def few_people(strategy: str) -> str:
    """The mean latency where few people come, with a timer of zero."""
    facts = Facts("Few people: no batch needed")
    assert not facts.workload.strategy("dynamic").value("timeout")
    return facts.cells(strategy, "avg_latency")


def gap_and_step(title: str) -> tuple[str, str]:
    """The p99 gap of continuous in a chapter, and the milliseconds of a step of all its slots."""
    facts = Facts(title)
    step = facts.workload.cost.step_time(facts.run("continuous").slots)
    return facts.cells("continuous", "p99_itl"), f"{step / MILLISECOND:.1f}"


def drawn_answer(facts: Facts) -> list[str]:
    """TTFT, gaps, TPOT and latency of the answer that is drawn, at a tenth of a second a cell."""
    table = facts.chapter.table
    assert isinstance(table, tuple)
    drawn = {row[0]: row[2] for row in table}
    tokens = [cell for cell, sign in enumerate(drawn["answer"]) if sign == "█"]
    marks = [cell for cell, sign in enumerate(drawn["ITL"]) if sign in "├┼┤"]
    assert marks == tokens
    assert len(drawn["TTFT"]) == tokens[0] + 1
    assert len(drawn["latency"]) == len(drawn["TPOT"]) == tokens[-1] + 1
    gaps = [(after - before) / 10 for before, after in pairwise(tokens)]
    mean = sum(gaps) / len(gaps)
    return [
        f"{tokens[0] / 10:.1f} s",
        ", ".join(f"{gap:.1f}" for gap in gaps) + " s",
        f"{sum(gaps):.1f} / {len(gaps)} = {mean:.1f} s",
        f"{tokens[-1] / 10:.1f} s",
    ]
