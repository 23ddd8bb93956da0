"""The title row, where room is scarce."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stage import palette, scene_of

from tui_batching.charts.rows import text_of
from tui_batching.clock import SECOND
from tui_batching.tui.bars import title_row
from tui_batching.tui.frame import Frame
from tui_batching.workload import choose_strategies, load_workload

FRAME = Frame(scene_of(load_workload("notebook")), 0, True, 0.5, None, palette())


@pytest.mark.parametrize(
    ("width", "note", "ending"),
    [
        (120, "", "▶ 0.5x playing   t 0.000 / 10.311 s "),
        (120, "5 fps", "▶ 0.5x playing · 5 fps   t 0.000 / 10.311 s "),
        (100, "5 fps", "▶ 0.5x · 5 fps   t 0.000 / 10.311 s "),
        (60, "5 fps", "▶ 0.5x · 5 fps   t 0.000 / 10.311 s "),
        (48, "5 fps", "▶ 0.5x · 5 fps   t 0.000 / 10.311 s "),
    ],
)
def test_the_note_stands_as_long_as_there_is_room(width: int, note: str, ending: str) -> None:
    text = text_of(title_row(FRAME, width, note))
    assert len(text) == width
    assert text.startswith(" tui-batching  notebook " if width > 48 else " notebook ")
    assert text.endswith(ending)


@pytest.mark.parametrize(
    ("speed", "told"), [(256.0, "256x"), (2.0**18, "262,144x"), (2.0**-20, "1/1,048,576x")]
)
def test_speed_and_state_stand_in_a_narrow_terminal_however_long_the_clock_is(
    speed: float, told: str
) -> None:
    frame = replace(
        FRAME, scene=scene_of(load_workload("anyscale-1536")), speed=speed, playing=False,
        time=100 * SECOND,
    )  # fmt: skip
    text = text_of(title_row(frame, 60))
    assert re.search(rf"^ anyscale.*PAUSED {told}   t 100.000 / 6,759.711 s $", text), text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_long_name_is_cut_before_the_state_and_the_clock(width: int) -> None:
    workload = replace(load_workload("notebook"), name="a-name-" * 30)
    text = text_of(title_row(replace(FRAME, scene=scene_of(workload)), width))
    assert re.search(r"a-name-\S*… +▶ 0.5x (playing )? +t 0.000 / 10.311 s $", text), text
    assert len(text) == width


def test_what_a_chapter_brings_is_on_white() -> None:
    for is_new in (False, True):
        row = title_row(replace(FRAME, presenting=True, is_new=is_new), 120)
        white = "".join(part.text for part in row if part.style and part.style.reverse)
        assert ("20 requests" in white) == ("now: 20" in text_of(row)) == is_new
        assert "notebook" not in text_of(row), "a room knows no files"


@pytest.mark.parametrize(("width", "strategies", "settings", "memory"), [
    (160, ["orca", "vllm"], {}, True),
    (100, ["orca", "vllm"], {}, False),
    (160, ["orca", "vllm"], {"vllm.kv_cache_tokens": "50000"}, False),
    (160, ["static", "continuous"], {}, False),
    (160, ["tgi", "sglang"], {"tgi.max_batch_prefill_tokens": "16384"}, True),
])  # fmt: skip
def test_the_memory_of_a_gpu_is_told_where_lanes_have_it_and_there_is_room(
    width: int, strategies: list[str], settings: dict[str, str], memory: bool
) -> None:
    workload = choose_strategies(load_workload("rule-by-rule"), strategies).with_settings(settings)
    text = text_of(title_row(replace(FRAME, scene=scene_of(workload)), width))
    assert ("(kernels only) · KV 30,640" in text) == memory
