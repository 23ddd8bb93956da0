"""The KV cache in the Gantt chart by slots: its levels are those of the KV row of Live."""

from __future__ import annotations

import numpy as np
import pytest
from stage import MS, palette, scene_of, texts
from tight import tight

from tui_batching.analysis.comparison import Result
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.slot_steps import slots_worth_a_row
from tui_batching.charts.chart import ChartRequest, Viewport
from tui_batching.charts.gantt import Gantt
from tui_batching.charts.lane_view import kv_view
from tui_batching.charts.rows import LEVELS, PLAYHEAD, RESERVED, Cells, text_of
from tui_batching.clock import Picoseconds
from tui_batching.sim.kv_levels import kv_levels
from tui_batching.workload import apply_settings, load_workload

RESERVED_OR_PAGED = scene_of(load_workload("rule-by-rule").served_by("orca", "vllm"))
ENGINES = scene_of(load_workload("tight-memory"))
SHARING = scene_of(load_workload("system-prompt"))
MIXED = scene_of(load_workload("rule-by-rule").served_by("static", "vllm"))
TEXTBOOK = scene_of(load_workload("notebook"))


def gantt(
    scene: Scene, size: tuple[int, int], time: Picoseconds | None = None, theme: str = "dark"
) -> Gantt:
    at = scene.end if time is None else time
    return Gantt(
        ChartRequest(scene, at, *size, palette(theme)), Viewport(rows="slots", since=0, top=0)
    )


def labels(chart: Gantt) -> list[str]:
    """What stands at the left of each row."""
    return [text[: chart._margin].strip() for text in texts(chart.draw())]


def bands(chart: Gantt) -> list[list[Cells]]:
    """The rows of the KV cache in each lane that has them."""
    rows = chart.draw()
    first = [number for number, label in enumerate(labels(chart)) if label == "KV"]
    return [rows[number : number + chart._layout.kv] for number in first]


def levels(band: list[Cells], chart: Gantt) -> np.ndarray:
    """The eighths that are seen to be used, and to be taken. Shape: (2, cells)."""
    work, track = palette().work, palette().reserved
    margin, cells = chart._margin, chart.window.cells
    found = np.zeros((2, cells), np.int64)
    for row in band:
        looks = [(sign, part.style) for part in row for sign in part.text][margin : margin + cells]
        for cell, (sign, look) in enumerate(looks):
            assert look is not None
            level = LEVELS.find(sign)
            used = level if look.color == work else 0
            taken = 8 if look.bgcolor == track else level if look.color in {work, track} else 0
            found[:, cell] += used, taken
    return found


@pytest.mark.parametrize(("width", "rows"), [(80, 1), (100, 2), (118, 3), (158, 5)])
@pytest.mark.parametrize("scene", [RESERVED_OR_PAGED, ENGINES, SHARING])
def test_the_levels_are_those_of_the_kv_row_of_live(scene: Scene, width: int, rows: int) -> None:
    slots = sum(slots_worth_a_row(run) for run in scene.runs)
    apart = int(rows > 2)
    others = 1 + min(3, rows + apart) + apart + rows  # heading, queue, memory
    chart = gantt(scene, (width, 2 + slots + len(scene.runs) * others))
    drawn, most = bands(chart), 8 * rows
    assert list(map(len, drawn)) == [rows] * len(scene.runs)
    for run, band in zip(scene.runs, drawn, strict=True):
        seen = levels(band, chart)
        for cell, time in enumerate(chart.window.middles.tolist()):
            kv = kv_view(run.at(time))
            assert kv is not None
            assert kv.taken is not None
            used, taken = (
                max(amount > 0, round(most * amount / kv.pool)) for amount in (kv.used, kv.taken)
            )
            assert seen[0, cell] == used, (run.strategy.name, time)
            if used % 8 and taken < used - used % 8 + 8:
                # Both end in one cell: whichever of its ends is nearer.
                assert abs(seen[1, cell] - taken) <= 4
            else:
                assert seen[1, cell] == taken, (run.strategy.name, time)


@pytest.mark.parametrize(("height", "told"), [(60, True), (24, False)])
def test_the_tokens_that_fill_a_band_stand_below_its_name(height: int, told: bool) -> None:
    """One row has no room for them."""
    chart = gantt(RESERVED_OR_PAGED, (118, height))
    names = labels(chart)
    assert chart._layout.kv
    below = [names[number + 1] for number, name in enumerate(names) if name == "KV"]
    assert (below == ["30,640", "30,624"]) is told


def test_memory_is_reserved_and_empty_with_orca_and_not_with_pages() -> None:
    chart = gantt(RESERVED_OR_PAGED, (118, 50))
    orca, vllm = (levels(band, chart) for band in bands(chart))
    empty = [float((lane[1] - lane[0]).sum() / lane[1].sum()) for lane in (orca, vllm)]
    assert empty[0] > 0.2
    assert empty[1] < 0.02


def test_only_lanes_that_heed_memory_have_a_band() -> None:
    assert bands(gantt(TEXTBOOK, (118, 60))) == []
    assert "KV" not in texts(gantt(TEXTBOOK, (158, 60)).draw())[0]
    chart = gantt(MIXED, (158, 60))
    assert len(bands(chart)) == 1
    bands_told = [name for name in labels(chart) if name in {"queue", "KV"}]
    assert bands_told == ["queue", "queue", "KV"]
    assert "▅ KV used  ▂ taken, empty" in texts(chart.draw())[0]


@pytest.mark.parametrize(("tokens", "drawn"), [(400_000, 2), (1_000_000, 0)])
def test_memory_that_stays_as_good_as_empty_takes_no_room(tokens: int, drawn: int) -> None:
    """Orca takes 13 % of the smaller memory; vLLM, with less, is drawn beside it."""
    both = load_workload("rule-by-rule").served_by("orca", "vllm")
    chart = gantt(scene_of(apply_settings(both, [f"kv_cache_tokens={tokens}"])), (158, 60))
    assert len(bands(chart)) == drawn
    assert ("KV used" in texts(chart.draw())[0]) is bool(drawn)


def test_all_slots_and_the_queue_have_room_before_memory() -> None:
    sizes = []
    for height in range(12, 60):
        layout = gantt(RESERVED_OR_PAGED, (118, height))._layout
        sizes.append((sum(layout.shown), layout.queue, layout.kv))
        if layout.kv:
            assert layout.shown == (8, 8)
            assert layout.queue
    assert max(kv for *_, kv in sizes) == 5
    first = next(height for height, (*_, kv) in enumerate(sizes, 12) if kv)
    assert first == 2 + 2 * (1 + 8 + 1 + 1), "legend and axis; heading, slots, queue, memory"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_the_playhead_has_not_reached_is_dim(theme: str) -> None:
    time = 6000 * MS
    now, end = (gantt(RESERVED_OR_PAGED, (118, 40), at, theme) for at in (time, None))
    cursor = now.window.cursor
    assert cursor is not None
    for band, later in zip(bands(now), bands(end), strict=True):
        for row, bright in zip(band, later, strict=True):
            drawn, whole = (
                [(sign, part.style) for part in each for sign in part.text][now._margin :]
                for each in (row, bright)
            )
            assert drawn[cursor][0] == PLAYHEAD
            assert drawn[:cursor] == whole[:cursor]
            for (sign, dim), (same, full) in zip(
                drawn[cursor + 1 :], whole[cursor + 1 :], strict=True
            ):
                assert sign == same
                assert dim
                assert full
                if sign in LEVELS[1:]:
                    assert dim.color != full.color


def test_without_colours_what_is_empty_has_a_sign_of_its_own() -> None:
    orca, _ = bands(gantt(RESERVED_OR_PAGED, (158, 70)))
    assert any(RESERVED * 5 in text_of(row) for row in orca)


@pytest.mark.parametrize("result", list(tight()), ids=lambda each: each.strategy.name)
def test_many_instants_are_told_as_each_of_them_alone(result: Result) -> None:
    run = result.run
    random = np.random.default_rng(7)
    starts = random.choice(run.spans.start, 60)
    ends = run.stays.end_time[:40]
    anywhere = random.integers(0, run.finished + 5, 100)
    instants = np.unique(np.concatenate((starts, ends, anywhere, [0, run.finished])))
    found = kv_levels(run, instants)
    for place, time in enumerate(instants.tolist()):
        moment = run.at(time)
        assert found.used[place] == moment.tokens_held
        assert found.blocks[place] == moment.blocks
