"""Who ignores memory that there is gets no star, wherever figures stand."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace

import pytest
from queues import queue
from stage import palette, scene_of, texts
from tight import tight

from tui_batching.analysis.capacity import capacity
from tui_batching.analysis.comparison import compare
from tui_batching.analysis.sweeps import sweep
from tui_batching.analysis.tables import BEST
from tui_batching.charts.learn import learn_rows
from tui_batching.charts.metric_rows import metric_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.sweep_table import table_rows, table_width
from tui_batching.cli.print_tables import print_capacities, print_comparison, print_sweep
from tui_batching.clock import SECOND
from tui_batching.export.report import Report, write
from tui_batching.workload import ServiceLevel, Workload, apply_settings, load_workload

NOTE = (
    "static, dynamic, continuous ignore memory: they run as if the KV cache of 100 tokens had no "
    f"end, and get no {BEST}"
)


def printed(write: Callable[..., None], told: object) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        write(told, ascii_only=False)
    out.seek(0)
    return out.read()


def printed_comparison(workload: Workload) -> str:
    return printed(print_comparison, compare(workload))


def printed_sweep(workload: Workload) -> str:
    return printed(print_sweep, sweep(workload, "load"))


def printed_capacities(workload: Workload) -> str:
    longer = queue(1000, 1, ServiceLevel(e2el=20 * SECOND))
    longer = replace(longer, strategies=workload.strategies, cost=workload.cost)
    return printed(print_capacities, capacity(longer, attainment=0.9))


def report(workload: Workload) -> str:
    out = io.StringIO()
    write(Report(scene_of(workload), [sweep(workload, "batch-size")], ["tui-batching"]), out)
    return out.getvalue()


def metrics_view(workload: Workload) -> str:
    return "\n".join(texts(metric_rows(compare(workload), Pen(160, palette()))))


def table_in_a_view(workload: Workload) -> str:
    swept = sweep(workload, "batch-size")
    return "\n".join(texts(table_rows(swept, None, table_width(swept), palette())))


def lesson(workload: Workload) -> str:
    return "\n".join(texts(learn_rows(compare(workload), Pen(160, palette()))))


TABLES = (
    printed_comparison,
    printed_sweep,
    printed_capacities,
    report,
    metrics_view,
    table_in_a_view,
)


def workload(cost: str, memory: int | None = None) -> Workload:
    settings = [f"cost={cost}"]
    settings += [] if memory is None else [f"cost.kv_cache_tokens={memory}"]
    return apply_settings(load_workload("illustrative"), settings)


TIGHT = workload("a100-llama-3-8b", 100)
"""With less memory than the longest request needs."""


@pytest.mark.parametrize("shown", TABLES)
def test_where_all_ignore_memory_that_is_said_and_nobody_gets_a_star(
    shown: Callable[[Workload], str],
) -> None:
    told = " ".join(shown(TIGHT).split())
    assert NOTE in told
    assert BEST not in told.replace(NOTE[1:], "")


@pytest.mark.parametrize("cost", ["textbook", "a100-llama-3-8b"])
@pytest.mark.parametrize("shown", [*TABLES, lesson])
def test_where_there_is_no_memory_or_so_much_that_slots_cannot_fill_it_there_are_stars(
    shown: Callable[[Workload], str], cost: str
) -> None:
    told = shown(workload(cost))
    assert "memory:" not in told
    assert BEST in told


def test_a_lesson_marks_who_ignores_memory_and_gives_no_star() -> None:
    told = lesson(TIGHT)
    assert BEST not in told
    assert re.search(r"memory +ignored +ignored +ignored", told)
    assert "ignored" not in lesson(workload("textbook"))
    lanes = [
        result.strategy for result in tight() if result.strategy.name in ("orca", "continuous")
    ]
    both = lesson(replace(tight().workload, strategies=tuple(lanes)))
    assert re.search(r"\n memory {20,}ignored ", both)
