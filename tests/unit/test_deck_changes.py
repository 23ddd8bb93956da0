"""The mark beside a chapter whose knobs were turned says what differs, in a few words."""

from __future__ import annotations

import pytest

from tui_batching.tour.changes import changes
from tui_batching.workload import apply_settings, load_workload


@pytest.mark.parametrize(
    ("workload", "settings", "told"),
    [
        ("notebook", [], []),
        ("notebook", ["batch_size=4"], []),
        ("notebook", ["batch_size=8"], ["batch 8"]),
        ("notebook", ["static.batch_size=8"], ["static batch 8"]),
        ("notebook", ["batch_size=8", "static.batch_size=2"],
            ["static batch 2", "dynamic, continuous batch 8"]),
        ("notebook", ["dynamic.timeout=300ms"], ["timeout 300 ms"]),
        ("notebook", ["workload.rate=5"], ["load 5/s"]),
        ("notebook", ["workload.seed=7"], ["seed 7"]),
        ("notebook", ["workload.count=7"], ["requests"]),
        ("notebook", ["cost=h100-llama-3-8b"], ["cost h100-llama-3-8b (kernels only)"]),
        ("notebook", ["cost.decode_step=30ms"], ["cost linear"]),
        ("notebook", ["batch_size=8", "workload.rate=5"], ["batch 8", "load 5/s"]),
        ("engines", ["batch_size=8"], ["batch 8"]),
    ],
)  # fmt: skip
def test_what_was_turned(workload: str, settings: list[str], told: list[str]) -> None:
    before = load_workload(workload)
    assert changes(before, apply_settings(before, settings)) == told


def test_another_workload_is_told_by_its_name() -> None:
    assert changes(load_workload("notebook"), load_workload("chat")) == ["workload chat"]


def test_a_chapter_with_settings_of_its_own_is_what_is_compared_with() -> None:
    base = load_workload("notebook")
    chapter = apply_settings(base, ["batch_size=8"])
    assert changes(chapter, base) == ["batch 4"]
