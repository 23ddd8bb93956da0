"""What the strategies are, where they are used, and which of their claims hold on these Runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.style import Style

from tui_batching.analysis.claims import Claim, claims
from tui_batching.analysis.comparison import Comparison
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.tables import BEST
from tui_batching.charts.pen import Pen, marked
from tui_batching.charts.rows import Cells, wrapped
from tui_batching.numbers import counted

SOURCES = (
    ("Orca, OSDI '22", "iteration-level scheduling, the origin of continuous"),
    ("vLLM, SOSP '23", "PagedAttention: the KV cache in pages, so that more fits"),
    ("Triton", "dynamic_batching: max_queue_delay_microseconds"),
    ("TF Serving", "batching parameters: batch_timeout_micros"),
    ("TorchServe", "batch inference: maxBatchDelay"),
    ("Ray Serve", "@serve.batch: batch_wait_timeout_s"),
)
_FIGURES = {
    "useful": "useful slots",
    "held": "held slots",
    "stalled": "stalled slots",
    "p99_latency": "p99 latency",
    "throughput": "tokens/s",
}
_ENGINE_FIGURES = {
    "mean_ttft": "first token",
    "p99_itl": "p99 gap",
    "p99_latency": "p99 latency",
    "throughput": "tokens/s",
}
"""Where an engine is on stage: its slots are a limit, so a share of them says nothing."""
ENGINE_SOURCES = (
    ("Sarathi-Serve", "OSDI '24: prompts in chunks beside the decodes, without stalls"),
    ("SGLang", "NeurIPS '24: programs of many prompts, and what they share"),
    ("FastGen", "arXiv 2401.08671: Dynamic SplitFuse, steps of equal length"),
)
_HOLDS, _FAILS = "✓", "✗"
_LABEL = 15
_WIDEST = 110
"""Cells beyond which lines would be hard to read."""
_ABREAST, _NARROW = 3, 20
"""So many strategies stand side by side where words fit; more, where each has so many cells."""
_BESIDE = 150
"""Cells from which on the claims stand beside the rest."""


def learn_rows(comparison: Comparison, pen: Pen) -> list[Cells]:
    """As many rows as it takes: the strategies, the claims, the sources; if wide, side by side."""
    comparison = comparison.simulated
    count = len(comparison.workload.requests)
    where = f"{comparison.workload.name}, {counted(count, 'request')}"
    if pen.width < _BESIDE:
        strategies, checked = _strategies(comparison, where, pen), _checked(comparison, where, pen)
        return [*strategies, pen.blank(), *checked, pen.blank(), *_sources(comparison, pen)]
    left = Pen(pen.width // 2 - 1, pen.palette)
    right = Pen(pen.width - left.width, pen.palette)
    lesson = [*_strategies(comparison, where, left), left.blank(), *_sources(comparison, left)]
    pairs = zip_longest(lesson, _checked(comparison, where, right))
    return [[*(one or left.blank()), *(other or right.blank())] for one, other in pairs]


def _checked(comparison: Comparison, where: str, pen: Pen) -> list[Cells]:
    """The claims, and how many of them hold."""
    found = claims(comparison)
    held = sum(claim.holds for claim in found)
    counted = f"{held} of {len(found)} hold"
    hints = [f"{counted} on {where}", counted] if found else ["it takes two to compare"]
    heading = pen.heading("What is said of them", *hints)
    return [heading, *(row for claim in found for row in _claim(claim, pen))]


def _sources(comparison: Comparison, pen: Pen) -> list[Cells]:
    rows = [
        pen.heading(
            "Where to read on", "papers, and what manuals call the timeout", "papers and manuals"
        )
    ]
    sources = SOURCES + (ENGINE_SOURCES if _has_engines(comparison) else ())
    for name, text in sources:
        for number, line in enumerate(wrapped(text, max(20, pen.width - _LABEL - 6))):
            row = pen.row().add(f"   {'' if number else name:<{_LABEL + 2}}", pen.text)
            rows.append(row.add(line, pen.muted).cells())
    return rows


def _strategies(comparison: Comparison, where: str, pen: Pen) -> list[Cells]:
    """A column a strategy, as many side by side as can be read."""
    numbers = range(len(comparison.results))
    narrowest = _longest_word(comparison) + 2
    if len(numbers) > _ABREAST:
        narrowest = max(narrowest, _NARROW)
    abreast = max(1, (min(pen.width, _WIDEST) - _LABEL) // narrowest)
    blocks = -(-len(numbers) // abreast)
    rows: list[Cells] = []
    for block in range(blocks):  # as equal as can be
        first, end = (len(numbers) * part // blocks for part in (block, block + 1))
        rows += [pen.blank()] if block else []
        rows += _told(comparison, numbers[first:end], where, pen)
    return rows


def _has_engines(comparison: Comparison) -> bool:
    """Whether a strategy is on stage whose lesson tells a price, as those of engines do."""
    return any(result.strategy.about.lesson.price for result in comparison)


def _longest_word(comparison: Comparison) -> int:
    lessons = (result.strategy.about.lesson for result in comparison)
    texts = (f"{each.idea} {each.used_in} {each.complexity} {each.price}" for each in lessons)
    return max(len(word) for text in texts for word in text.split())


def _told(comparison: Comparison, numbers: Sequence[int], where: str, pen: Pen) -> list[Cells]:
    """Some of the strategies: idea, use, complexity and price, and their figures on these Runs."""
    names = [comparison.results[number].strategy.name for number in numbers]
    lessons = [comparison.results[number].strategy.about.lesson for number in numbers]
    texts = [[marked(name)] for name in names], [pen.strategy(name) for name in names]
    rows = _columns("", *texts, pen)
    strategies = [comparison.results[number].strategy for number in numbers]
    room = _column(len(names), pen) - 2
    rows += _columns(
        "parameters",
        [wrapped(", ".join(each.wordings()[0]), room) for each in strategies],
        [pen.text] * len(names),
        pen,
    )
    labels = ["idea", "used in", "complexity"]
    if _has_engines(comparison):
        labels.append("price")
    for label in labels:
        told = [getattr(lesson, label.replace(" ", "_")) for lesson in lessons]
        rows += _columns(
            label,
            [wrapped(text, room) for text in told],
            [pen.text] * len(names),
            pen,
        )
    rows.append(pen.row().add(f" on {where}:", pen.muted).cells())
    figures = _ENGINE_FIGURES if _has_engines(comparison) else _FIGURES
    for name, label in figures.items():
        metric = METRICS_BY_NAME[name]
        values, best = comparison.values(metric), comparison.best(metric)
        told = [
            [f"{format_value(metric, value)} {BEST if wins else ''}"]
            for value, wins in ((values[number], best[number]) for number in numbers)
        ]
        looks = [pen.good if best[number] else pen.text for number in numbers]
        rows += _columns(label, told, looks, pen)
    if set(names) & set(comparison.ignoring):
        told = [["ignored" if name in comparison.ignoring else ""] for name in names]
        rows += _columns("memory", told, [pen.text] * len(names), pen)
    if set(names) & set(comparison.without_cache):
        told = [["without" if name in comparison.without_cache else ""] for name in names]
        rows += _columns("prefix cache", told, [pen.text] * len(names), pen)
    return rows


def _columns(
    label: str, columns: Sequence[list[str]], looks: Sequence[Style], pen: Pen
) -> list[Cells]:
    """A label and texts of several lines side by side."""
    rows = []
    room = _column(len(columns), pen)
    for number, lines in enumerate(zip_longest(*columns, fillvalue="")):
        row = pen.row().add(f" {'' if number else label:<{_LABEL - 1}}", pen.muted)
        for line, look in zip(lines, looks, strict=True):
            row.add(f"{line:<{room}}", look)
        rows.append(row.cells())
    return rows


def _column(count: int, pen: Pen) -> int:
    """The width of a strategy's column."""
    return max(12, (min(pen.width, _WIDEST) - _LABEL) // count)


def _claim(claim: Claim, pen: Pen) -> list[Cells]:
    """A claim with its mark, and below it the numbers or why it does not hold."""
    look = pen.good if claim.holds else pen.look(pen.palette.warning, bold=True)
    detail = claim.detail if claim.holds else f"not here: {claim.detail}"
    room = max(20, min(pen.width, _WIDEST) - 5)
    rows = []
    for number, line in enumerate(wrapped(claim.text, room)):
        mark = " " if number else _HOLDS if claim.holds else _FAILS
        rows.append(pen.row().add(f" {mark} ", look).add(line, pen.text).cells())
    below = wrapped(detail, room)
    return rows + [pen.row().gap(3).add(line, pen.muted).cells() for line in below]
