"""The views of engines whose memory runs out. After a change: look, then --snapshot-update."""

from __future__ import annotations

from dataclasses import replace

import pytest
from frozen import LARGE, MIDDLE, Compare, at
from stage import EAGER, FakeWall
from tight import TEXT

from tui_batching.config import Config
from tui_batching.tui.app import BatchingApp
from tui_batching.workload import parse_workload

WORKLOAD = parse_workload(TEXT, "tight.yaml")
SHOWN = ("vllm", "sglang", "continuous")
KEYS = {"gantt": ("2",), "slots": ("3", "Z"), "memory": ("4", "m"), "metrics": ("5",)}


@pytest.mark.parametrize("view", KEYS)
def test_engines(snap_compare: Compare, view: str) -> None:
    chosen = tuple(each for each in WORKLOAD.strategies if each.name in SHOWN)
    workload = replace(WORKLOAD, strategies=chosen)
    app = BatchingApp(workload, Config(theme="dark"), wall=FakeWall(), drawing=EAGER)
    size = LARGE if view == "metrics" else MIDDLE
    assert snap_compare(app, terminal_size=size, run_before=at("700ms", *KEYS[view]))
