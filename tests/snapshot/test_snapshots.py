"""What the app looks like, at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

import pytest
from frozen import EACH_SIZE, MIDDLE, SMALL, Compare, at, frozen


@EACH_SIZE
@pytest.mark.parametrize(
    "instant",
    [
        pytest.param("0s", id="start"),
        pytest.param("1.1s", id="forming"),
        pytest.param("3.482s", id="prefill"),
        pytest.param("20s", id="end"),
    ],
)
def test_notebook(snap_compare: Compare, size: tuple[int, int], instant: str) -> None:
    assert snap_compare(frozen("notebook", "dark"), terminal_size=size, run_before=at(instant))


@EACH_SIZE
def test_whole_screen(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The only ones with the bars, and the only ones of the instant at which answers are held."""
    app = frozen("notebook", "dark")
    assert snap_compare(app, terminal_size=size, run_before=at("3s", bars=True))


@pytest.mark.parametrize("theme", ["light", "high-contrast"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(frozen("notebook", theme), terminal_size=MIDDLE, run_before=at("3s"))


@pytest.mark.parametrize("batch_size", [16, 64])
def test_large_batches(snap_compare: Compare, batch_size: int) -> None:
    app = frozen("chat", "dark", f"batch_size={batch_size}", "workload.rate=10")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("12s"))


def test_selected_request(snap_compare: Compare) -> None:
    prepare = at("3.6s", *["down"] * 6)
    assert snap_compare(frozen("notebook", "dark"), terminal_size=MIDDLE, run_before=prepare)


def test_focused_lane(snap_compare: Compare) -> None:
    assert snap_compare(
        frozen("notebook", "dark"), terminal_size=SMALL, run_before=at("3s", "tab", "tab")
    )


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(
        frozen("notebook", "dark"), terminal_size=MIDDLE, run_before=at("3s", "question_mark")
    )


def test_workload_picker(snap_compare: Compare) -> None:
    assert snap_compare(frozen("notebook", "light"), terminal_size=MIDDLE, run_before=at("3s", "w"))


def test_too_small(snap_compare: Compare) -> None:
    assert snap_compare(frozen("notebook", "dark"), terminal_size=(59, 19), run_before=at("3s"))
