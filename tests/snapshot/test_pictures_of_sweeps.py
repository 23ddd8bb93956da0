"""The views of sweeps. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import EACH_SIZE, MIDDLE, SMALL, Compare, at, frozen

VIEWS = {"load": "6", "frontier": "7", "batch-size": "8"}


@EACH_SIZE
@pytest.mark.parametrize("view", VIEWS)
def test_notebook_load(snap_compare: Compare, size: tuple[int, int], view: str) -> None:
    app = frozen("notebook-load", "dark")
    assert snap_compare(app, terminal_size=size, run_before=at("0s", VIEWS[view]))


@pytest.mark.parametrize("view", VIEWS)
def test_light(snap_compare: Compare, view: str) -> None:
    app = frozen("chat", "light", "static.batch_size=32", "workload.rate=3")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("0s", VIEWS[view]))


def test_without_true_colour(snap_compare: Compare) -> None:
    app = frozen("overload", "ansi-16")
    assert snap_compare(app, terminal_size=SMALL, run_before=at("0s", "6"))


def test_what_cannot_be_swept(snap_compare: Compare) -> None:
    app = frozen("summarize-burst", "dark")
    assert snap_compare(app, terminal_size=SMALL, run_before=at("0s", "6"))
