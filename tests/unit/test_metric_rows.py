"""The page of all metrics: what is seen first."""

from __future__ import annotations

import pytest
from stage import palette, texts

from tui_batching.analysis.comparison import compare
from tui_batching.charts.metric_rows import metric_rows
from tui_batching.charts.pen import Pen
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
