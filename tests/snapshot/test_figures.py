"""The views of figures at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import EACH_SIZE, MIDDLE, SMALL, Compare, at, frozen

VIEWS = {"utilization": "4", "metrics": "5", "distribution": "9", "learn": "0"}


@EACH_SIZE
@pytest.mark.parametrize("view", VIEWS)
def test_notebook(snap_compare: Compare, size: tuple[int, int], view: str) -> None:
    app = frozen("notebook", "dark")
    assert snap_compare(app, terminal_size=size, run_before=at("3.4s", VIEWS[view]))


@pytest.mark.parametrize("view", VIEWS)
def test_light(snap_compare: Compare, view: str) -> None:
    app = frozen("chat", "light", "batch_size=32")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("30s", VIEWS[view]))


def test_without_true_colour(snap_compare: Compare) -> None:
    app = frozen("overload", "ansi-16")
    assert snap_compare(app, terminal_size=SMALL, run_before=at("12s", "4"))
