"""Bars that tell memory: what each request has of the KV cache, on one scale; they add up."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from stage import on_stage, palette, scene_of, texts

from tui_batching.charts.lane_pen import bar_scale, gauge_cells
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import ANSWER, MEMORY, LaneView, kv_view, lane_view
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.rows import text_of
from tui_batching.clock import MILLISECOND
from tui_batching.tour import parse_deck
from tui_batching.tui.views import view_parts
from tui_batching.workload import apply_settings, load_workload

DARK = palette()
TWO = scene_of(load_workload("rule-by-rule").served_by("orca", "vllm"))
SHARING = scene_of(load_workload("system-prompt"))
MIXED = scene_of(load_workload("rule-by-rule").served_by("continuous", "orca"))
WIDE, HIGH = 110, 34


def views(scene=TWO, ms: int = 2900) -> list[LaneView]:
    lanes = (lane_view(scene, lane, ms * MILLISECOND, None) for lane in range(len(scene.runs)))
    return [replace(view, bars=MEMORY, thickest=3) for view in lanes]


def slots(view: LaneView, scale=None) -> list[str]:
    """The rows of a lane in which its slots stand."""
    rows = texts(lane_rows(view, WIDE, HIGH, DARK, scale))
    first = next(number for number, row in enumerate(rows) if row.startswith((" 0 ", "▸0 ")))
    return rows[first : next(n for n, row in enumerate(rows) if row.startswith(" queue"))]


@pytest.mark.parametrize("ms", [400, 1200, 2390, 2900, 6150])
def test_what_each_has_adds_up_to_the_row_of_the_kv_cache(ms: int) -> None:
    for view in views(ms=ms):
        kv = kv_view(view.moment)
        assert kv is not None
        shown = "\n".join(slots(view)).replace(",", "")
        told = re.findall(r"(\d+) used \+ (\d+) empty *$", shown, re.MULTILINE)
        assert len(told) == len(view.moment.running)
        used, empty = (sum(map(int, column)) for column in zip(*told, strict=True))
        assert (used, used + empty) == (kv.used, kv.taken)


def test_how_much_it_has_stands_before_how_many_tokens_are_made() -> None:
    first, second = slots(views()[0])[:2]
    assert re.search(r"5,101 used \+ 1,927 empty *$", first)
    assert re.search(r"█ +121/122 *$", second)


def test_a_free_slot_shows_how_much_the_first_in_the_queue_lacks() -> None:
    orca, vllm = views(ms=2750)
    scale = bar_scale([orca, vllm], WIDE)
    free = [row for row in slots(orca, scale) if " free " in row]
    waits, *others = (row.strip() for row in free)
    need = re.fullmatch(r"5 free +(├─*┤) R5 needs 3,300, and waits", waits)
    assert need is not None
    assert scale is not None
    assert len(need[1]) == round(3300 / scale.memory)
    assert others == ["6 free", "7 free"]
    assert "needs" not in "".join(slots(vllm, scale)), "nobody waits for memory there"
    assert "needs" not in "".join(slots(replace(orca, bars=ANSWER)))


def test_a_cell_is_as_many_tokens_in_every_lane() -> None:
    both = views()
    scale = bar_scale(both, WIDE)
    for view in both:
        rows = slots(view, scale)
        for slot in filter(lambda slot: slot.memory, view.slots):
            assert slot.memory is not None
            first = next(n for n, row in enumerate(rows) if f" {slot.name} " in row)
            row = rows[first + len(rows) // 8 - 1]  # the last one, which shows the floor
            used = slot.memory.used + slot.memory.under_way
            taken, used = slot.memory.taken / scale.memory, used / scale.memory
            solid = len(re.findall("[█▓░]", row))
            assert solid == pytest.approx(used, abs=0.5)
            assert solid + row.count("▂") == round(taken)


def test_reserved_memory_is_an_area_and_paging_has_none() -> None:
    orca, vllm = ("\n".join(slots(view)) for view in views())
    assert orca.count("▂") == sum(row.count("▂") for row in slots(views()[0])[2::3]) > 30
    assert vllm.count("▂") == 0


def test_who_reads_shows_what_is_read() -> None:
    vllm = views()[1]
    row = next(row for row in slots(vllm) if " R7 " in row)
    assert "░░░" in row
    assert "█" not in row


def test_where_memory_is_not_known_of_each_bars_tell_the_answer() -> None:
    (shares,) = (view for view in views(SHARING, 30000) if view.moment.run.cache_matters)
    assert not shares.bars_are_memory, "blocks that several use are nobody's own"
    continuous, orca = views(MIXED)
    assert not continuous.bars_are_memory
    assert "KV " not in "".join(slots(continuous))
    legend = text_of(legend_row([continuous, orca], [(WIDE, HIGH)] * 2, 160, DARK))
    scale = bar_scale([continuous, orca], WIDE)
    assert f"a bar's cell = {scale.answer}, a cell of KV = {scale.memory:.0f} tokens" in legend


def test_the_legend_says_what_bars_tell() -> None:
    legend = text_of(legend_row(views(), [(WIDE, HIGH)] * 2, 140, DARK))
    assert f"a cell of KV = {bar_scale(views(), WIDE).memory:.0f} tokens  █ used" in legend
    assert "makes tokens" not in legend


async def test_a_key_turns_them_where_memory_is_known() -> None:
    async with on_stage(load_workload("rule-by-rule").served_by("orca"), (120, 36)) as stage:
        await stage.seek(2750 * MILLISECOND)
        assert "1,939 empty" not in stage.seen()
        await stage.press("B")
        assert "1,939 empty" in stage.seen()
        assert "cell of KV" in stage.seen()
        await stage.press("B")
        assert "1,939 empty" not in stage.seen()
    async with on_stage(load_workload("notebook"), (120, 36)) as stage:
        assert not stage.live.view.can("turn_bars")


async def test_a_chapter_says_what_bars_tell_and_the_next_one_says_it_anew() -> None:
    chapters = """\
chapters:
  - {title: One, text: a, workload: rule-by-rule, strategies: [orca], at: 2.75s, bars: memory}
  - {title: Two, text: b, at: 2.75s}
"""
    deck = parse_deck(chapters, Path("talk.yaml"), view_parts())
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        assert "1,939 empty" in stage.seen()
        await stage.press("pagedown")
        assert "1,939 empty" not in stage.seen()
        await stage.press("pageup")
        assert "1,939 empty" in stage.seen()


@pytest.mark.parametrize("width", [40, 57, 110])
def test_the_row_of_the_kv_cache_is_the_bars_one_behind_the_other(width: int) -> None:
    for view in views():
        scale = bar_scale(views(), width)
        rows = texts(lane_rows(view, width, HIGH, DARK, scale))
        gauge = next(row for row in rows if row.startswith(" KV ["))
        taken = re.split("[·\\]]", gauge[5:])[0]
        bars = [slot.memory.taken / scale.memory for slot in view.slots if slot.memory]
        assert len(taken) == pytest.approx(sum(bars), abs=1)
        names = re.findall(r"R\d+", gauge)
        assert names == sorted(names)
        assert set(names) <= {slot.name for slot in view.slots}


def test_where_bars_would_be_mere_signs_they_have_a_scale_of_their_own() -> None:
    ample = views(scene_of(load_workload("engines").served_by("orca")), 2000)
    assert bar_scale(ample, WIDE).of_gauge
    scale = bar_scale(ample, 40)
    assert not scale.of_gauge
    kv = kv_view(ample[0].moment)
    assert kv is not None
    assert 2 * scale.memory < kv.pool / gauge_cells(40)
    legend = text_of(legend_row(ample, [(40, HIGH)], 140, DARK))
    assert f"a bar's cell of KV = {scale.memory:.0f} tokens" in legend


def test_where_pools_differ_the_legend_speaks_of_bars_alone() -> None:
    both = load_workload("rule-by-rule").served_by("orca", "vllm")
    apart = views(scene_of(apply_settings(both, ["vllm.kv_cache_tokens=20000"])))
    assert bar_scale(views(), WIDE).of_gauge
    assert not bar_scale(apart, WIDE).of_gauge
    legend = text_of(legend_row(apart, [(WIDE, HIGH)] * 2, 140, DARK))
    assert "a bar's cell of KV = " in legend
