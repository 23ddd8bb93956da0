"""The help, the palette of commands, and the themes."""

from __future__ import annotations

import re

from stage import hand_made, on_stage

from tui_batching.charts.lane_view import STATE_GLYPHS
from tui_batching.charts.pen import PART_SIGNS
from tui_batching.charts.rows import FULL, HATCH, SHADE, SLOWED, STALLED, TRACK
from tui_batching.clock import SECOND
from tui_batching.sim.life import State
from tui_batching.strategies import DEFAULT_STRATEGIES, Continuous, Orca, Vllm
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.dialogs import reading
from tui_batching.tui.lane import Lane


async def test_help_lists_every_key_and_every_sign() -> None:
    async with on_stage() as stage:
        await stage.press("question_mark")
        words = " ".join(stage.seen().split())
        seen = set()
        for _ in range(6):
            words = " ".join(re.sub("[│▁-█]", " ", stage.seen()).split())
            seen |= {key.id for key in KEYS if f"{' '.join(key.written())} {key.name}" in words}
            await stage.press("pagedown")
        assert seen == {key.id for key in KEYS}
        await stage.press("escape")
        assert stage.app.screen is stage.live


async def test_help_tells_the_signs_of_engines_where_there_are_any() -> None:
    engines = hand_made((0, 20, 5), strategies=[Continuous(2), Vllm(), Orca()])
    for workload, told in ((engines, True), ("notebook", False)):
        async with on_stage(workload, size=(120, 50)) as stage:
            await stage.press("question_mark")
            seen = stage.seen()
            assert ("is taken but empty" in seen) is told
            assert ("KV [██▂▂≡≡··]" in seen) is told
            assert ("C continuous, V vllm, O orca" in seen) is told


async def test_help_tells_every_sign_of_a_lane_in_lines_that_fit_a_small_screen() -> None:
    told = reading(DEFAULT_STRATEGIES)
    words = " ".join(text for _, text in told)
    signs = {FULL, HATCH, STALLED, SHADE, TRACK, "▸", "▾", "┃", *STATE_GLYPHS.values()}
    signs |= {sign for sign, _ in PART_SIGNS.values()}
    of_engines = {STATE_GLYPHS[State.RECOMPUTE], PART_SIGNS["evicted"][0], SLOWED}
    assert not {sign for sign in signs - of_engines if sign not in words}
    assert of_engines <= set(" ".join(text for _, text in reading([Vllm()])))
    async with on_stage(size=(80, 24)) as stage:
        await stage.press("question_mark")
        seen = stage.seen()
        assert all(text in seen for _, text in told[:15])


async def test_keys_do_nothing_below_a_dialog() -> None:
    async with on_stage() as stage:
        await stage.seek(3 * SECOND)
        await stage.press("question_mark", "right", "space")
        await stage.press("escape")
        assert stage.clock == 3 * SECOND
        assert "PAUSED" in stage.rows()[0]


async def test_the_palette_runs_a_key_by_its_name() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p", *"larger batch")
        await stage.until(lambda: "Larger batch" in stage.seen())
        await stage.press("enter")
        await stage.until(lambda: stage.titles[0] == "STATIC batch 5")
        names = {command.title for command in stage.app.get_system_commands(stage.live)}
        assert {key.name for key in KEYS} <= names


async def test_the_theme_key_goes_through_all_themes_and_each_one_draws() -> None:
    async with on_stage() as stage:
        await stage.seek(3 * SECOND)
        worn, grounds = [], set()
        for _ in range(7):
            worn.append(stage.app.theme)
            assert "STATIC batch 4" in stage.seen()
            lane = stage.live.query_one(Lane)
            grounds.add(str(lane._presented[0][0].style))
            await stage.press("t")
        assert stage.app.theme == worn[0] == "dark"
        assert len(set(worn)) == len(grounds) == 7
