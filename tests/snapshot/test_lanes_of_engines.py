"""The live page of engines at frozen instants. After a change: look, then --snapshot-update."""

from __future__ import annotations

from frozen import LARGE, MIDDLE, SMALL, Compare, at
from stage import EAGER, FakeWall, hand_made

from tui_batching.config import Config
from tui_batching.strategies import Continuous, FastGen, SgLang, Strategy, Tgi, Vllm
from tui_batching.tui.app import BatchingApp

ROWS = (
    *((gap, 30 + 9 * gap % 50, 20 + 7 * gap % 30) for gap in (0, 2, 5, 9)),
    *((100 + 30 * number, 40 + 30 * number, 12) for number in range(6)),
)
TIGHT = (
    Vllm(8, 32, kv_cache_tokens=272),
    FastGen(64, 8, 16, 256),
    SgLang(8, 32, kv_cache_tokens=256),
)


def app_of(*strategies: Strategy) -> BatchingApp:
    """The app, with a clock that stands still."""
    workload = hand_made(*ROWS, strategies=strategies)
    return BatchingApp(workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER)


def test_tight_memory(snap_compare: Compare) -> None:
    assert snap_compare(app_of(*TIGHT), terminal_size=MIDDLE, run_before=at("700ms"))


def test_tight_memory_on_a_small_screen(snap_compare: Compare) -> None:
    assert snap_compare(app_of(*TIGHT), terminal_size=SMALL, run_before=at("700ms"))


def test_ample_memory_beside_the_textbook(snap_compare: Compare) -> None:
    strategies = (Continuous(4), Vllm(8, 64), Tgi(), SgLang())
    assert snap_compare(app_of(*strategies), terminal_size=LARGE, run_before=at("250ms"))


def test_a_selected_request_that_was_evicted(snap_compare: Compare) -> None:
    prepare = at("1400ms", "down", "down", "down", "down")
    assert snap_compare(app_of(*TIGHT), terminal_size=MIDDLE, run_before=prepare)
