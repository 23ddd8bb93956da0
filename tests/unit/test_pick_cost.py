"""Key `g`: what an iteration costs, and the warnings that come of it."""

from __future__ import annotations

from stage import on_stage
from textual.widgets import OptionList

from tui_batching.tui.dialogs import PickCost
from tui_batching.workload import apply_settings, bundled_profiles, load_profile, load_workload


async def test_every_profile_is_described_and_the_one_that_is_picked_is_on_stage():
    async with on_stage() as stage:
        await stage.press("g")
        options = stage.app.screen.query_one(OptionList)
        assert options.option_count == 1 + len(bundled_profiles())
        assert options.highlighted == 0
        seen = " ".join(stage.seen().split())
        for name in bundled_profiles():
            profile = load_profile(name).profile
            beside = ", kernels only" if profile.kernels_only else ""
            assert f"{name} {profile.description}{beside}" in seen
        await stage.press(*["down"] * (options.option_count - 1), "enter")
        assert stage.app.screen is stage.live
        chosen = list(bundled_profiles())[-1]
        assert stage.scene.workload.cost == load_profile(chosen)
        assert f"notebook · 20 requests · 3.33/s · seed 42 · {chosen}" in stage.rows()[0]


async def test_the_workloads_own_cost_comes_back():
    async with on_stage() as stage:
        own = stage.scene.workload.cost
        await stage.press("g", "end", "enter")
        assert stage.scene.workload.cost != own
        await stage.press("g")
        options = stage.app.screen.query_one(OptionList)
        assert options.highlighted == options.option_count - 1
        await stage.press("escape")
        assert isinstance(stage.app.screen, type(stage.live))
        await stage.press("g", "home", "enter")
        assert stage.scene.workload.cost == own


async def test_a_warning_comes_once_for_a_workload_and_a_cost():
    async with on_stage() as stage:
        assert stage.notices == []
        await stage.press("g", "end", "up", "enter")
        (told,) = stage.notices
        assert "holds for contexts of 262 to 4,765 tokens; those of 20 of 20" in told
        await stage.press("n", "right_square_bracket")
        assert stage.notices == [told]
        await stage.press("g", "home", "enter")
        assert stage.notices == []  # it was said of other costs
        await stage.press("g", "end", "up", "enter")
        (again,) = stage.notices  # it had not had its time
        assert "holds for contexts of 262 to 4,765 tokens; those of 20 of 20" in again
        await stage.press("g", "end", "up", "up", "enter")
        (other,) = stage.notices
        assert again.startswith("rtxpro6000")
        assert other.startswith("rtx4090")


async def test_more_tokens_than_memory_are_told_when_a_larger_batch_brings_them():
    settings = ["cost=a100-opt-13b", "cost.kv_cache_tokens=700", "batch_size=3"]
    workload = apply_settings(load_workload("notebook"), settings)
    async with on_stage(workload) as stage:
        before = [told for told in stage.notices if "KV cache" in told]
        await stage.press("right_square_bracket", "right_square_bracket")
        after = [told for told in stage.notices if "KV cache" in told]
        assert len(after) > len(before)
        assert len(after) == len({told.partition(":")[0] for told in after})


async def test_a_workload_with_a_profile_warns_when_it_is_opened():
    workload = apply_settings(load_workload("notebook"), ["cost=h100-llama-3-8b"])
    async with on_stage(workload) as stage:
        assert len(stage.notices) == 1
        await stage.press("g")
        assert isinstance(stage.app.screen, PickCost)
        assert "as loaded Llama-3-8B bf16 on H100" in " ".join(stage.seen().split())
