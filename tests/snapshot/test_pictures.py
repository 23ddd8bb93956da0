"""The Gantt and the slots view at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import LARGE, MIDDLE, SMALL, Compare, at, frozen

GANTT, SLOTS = "2", "3"


@pytest.mark.parametrize(
    ("workload", "instant", "size", "theme", "keys"),
    [
        pytest.param("notebook", "3.4s", SMALL, "dark", (), id="small"),
        pytest.param("illustrative", "0.9s", MIDDLE, "light", ("down",), id="stacked"),
        pytest.param("overload", "20s", LARGE, "dark", ("z",), id="crowded"),
    ],
)
def test_gantt(
    snap_compare: Compare,
    workload: str,
    instant: str,
    size: tuple[int, int],
    theme: str,
    keys: tuple[str, ...],
) -> None:
    app = frozen(workload, theme)
    assert snap_compare(app, terminal_size=size, run_before=at(instant, GANTT, *keys))


@pytest.mark.parametrize(
    ("settings", "size", "theme", "keys"),
    [
        pytest.param(("batch_size=32",), SMALL, "light", (), id="many-slots"),
        pytest.param((), MIDDLE, "dark", ("z", "z"), id="close-up"),
        pytest.param((), LARGE, "dark", ("down",) * 8, id="roomy"),
    ],
)
def test_slots(
    snap_compare: Compare,
    settings: tuple[str, ...],
    size: tuple[int, int],
    theme: str,
    keys: tuple[str, ...],
) -> None:
    app = frozen("notebook", theme, *settings)
    assert snap_compare(app, terminal_size=size, run_before=at("3.4s", SLOTS, *keys))
