"""The page of all metrics: what is seen first."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from stage import palette, texts

from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.tables import Cell, comparison_table
from tui_batching.charts.metric_rows import metric_rows
from tui_batching.charts.pen import Pen
from tui_batching.strategies import mark_of, spelled
from tui_batching.workload import load_workload


@pytest.mark.parametrize("workload", ["illustrative", "notebook", "rag"])
def test_the_times_of_tokens_are_seen_beside_a_text_at_120x36_without_scrolling(
    workload: str,
) -> None:
    rows = texts(metric_rows(compare(load_workload(workload)), Pen(84, palette())))[:30]
    first = next(n for n, row in enumerate(rows) if row.split() == ["Time", "to", "first", "token"])
    per_token = rows.index(next(row for row in rows if "Time per output token" in row))
    assert first < per_token
    assert rows[per_token + 1].split()[0] == "mean"


ENGINES = compare(load_workload("engines"))
FIVE = compare(load_workload("notebook"), ["sglang", "vllm", "vllm-v0", "tensorrt-llm", "static"])


@pytest.mark.parametrize("comparison", [ENGINES, FIVE], ids=["seven", "five"])
@pytest.mark.parametrize("width", [58, 68, 78, 118, 158, 198])
def test_every_figure_of_every_lane_stands_whole_below_its_name(
    comparison: Comparison, width: int
) -> None:
    rows = texts(metric_rows(comparison, Pen(width, palette())))
    assert not any("…" in row for row in rows if row.startswith("  "))
    told = {
        (group.title, row.label, name): cell
        for group in comparison_table(comparison).groups
        for row in group.rows
        for name, cell in zip(comparison_table(comparison).strategies, row.cells, strict=True)
    }
    seen = dict(_figures(rows, {title for title, *_ in told}, told))
    assert seen.keys() == told.keys()
    for key, behind in seen.items():
        assert re.match(f"{re.escape(told[key].text)}( |$)", behind)
        assert behind.removeprefix(told[key].text)[:2].endswith("★") == told[key].best


def _figures(
    rows: list[str], titles: set[str], told: dict[tuple[str, str, str], Cell]
) -> Iterator[tuple[tuple[str, str, str], str]]:
    """For each figure what its row says from it on: it begins or ends below its strategy's name."""
    labels = {(title, label) for title, label, _ in told}
    names = {name for *_, name in told}
    heads: dict[str, tuple[int, int]] = {}
    title = ""
    for row in rows:
        found = {
            name: re.search(rf"(?<= ){mark_of(name)} {spelled(name)}( |$)", row) for name in names
        }
        if row.startswith("  " * 8) and any(found.values()):
            heads = {name: match.span() for name, match in found.items() if match}
        title = next((each for each in titles if row.startswith(f" {each}")), title)
        label = row[3:23].rstrip()
        if row.startswith("   ") and heads and (title, label) in labels:
            for name, (begin, end) in heads.items():
                figure = re.compile(re.escape(told[title, label, name].text))
                for match in figure.finditer(row, 23):
                    if match.start() < end and match.end() > begin:
                        yield (title, label, name), row[match.start() :]
