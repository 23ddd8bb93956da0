"""The lesson of engines, and a sweep over their token budget. After a change: look, then update."""

from __future__ import annotations

from dataclasses import replace

import pytest
from frozen import LARGE, MIDDLE, Compare, at
from stage import EAGER, FakeWall

from tui_batching.clock import MICROSECOND, MILLISECOND
from tui_batching.config import Config
from tui_batching.cost import IterationCost
from tui_batching.strategies import FastGen, Orca, SgLang, Strategy, TensorRtLlm, Tgi, Vllm, VllmV0
from tui_batching.tui.app import BatchingApp
from tui_batching.workload import apply_settings, load_workload

COST = IterationCost(
    base=8 * MILLISECOND,
    per_token=50 * MICROSECOND,
    per_context_token=MICROSECOND // 10,
    kv_cache_tokens=800,
)
FOUR = (Vllm(64, 512), SgLang(64, 512), Tgi(), FastGen())
SEVEN = (*FOUR, VllmV0(64), TensorRtLlm(), Orca())


def engines(*strategies: Strategy) -> BatchingApp:
    """The notebook's requests, driven until memory is short."""
    workload = replace(load_workload("notebook"), cost=COST, strategies=strategies, slo=None)
    driven = apply_settings(workload, ["workload.rate=27"])
    return BatchingApp(driven, Config(theme="dark"), wall=FakeWall(), drawing=EAGER)


@pytest.mark.parametrize("size", [MIDDLE, LARGE], ids=["120x36", "160x45"])
def test_lesson(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = engines(*(SEVEN if size == LARGE else FOUR))
    assert snap_compare(app, terminal_size=size, run_before=at("0s", "0"))


def test_budget(snap_compare: Compare) -> None:
    assert snap_compare(engines(*FOUR), terminal_size=MIDDLE, run_before=at("0s", "8", "m"))
