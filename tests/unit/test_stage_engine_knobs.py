"""The keys and commands that turn what engines have: slots, token budget and memory."""

from __future__ import annotations

import pytest
from stage import hand_made, on_stage

from tui_batching.strategies import Continuous, SgLang, Vllm
from tui_batching.tui.bindings import KEYS

WORKLOAD = hand_made(
    (0, 200, 20), (10, 300, 10), (20, 100, 30),
    strategies=[Vllm(8, 128), SgLang(8, 256, kv_cache_tokens=2048), Continuous(4)],
)  # fmt: skip


def command(name: str) -> str:
    [action] = [key.action for key in KEYS if key.id == name]
    return action


async def test_parentheses_turn_the_budget_and_say_what_it_is() -> None:
    async with on_stage(WORKLOAD) as stage:
        await stage.press("right_parenthesis")
        vllm, sglang, continuous = stage.scene.workload.strategies
        assert (vllm.value("max_num_batched_tokens"), sglang.value("chunked_prefill_size")) == (
            192, 384,
        )  # fmt: skip
        assert continuous == Continuous(4)
        assert stage.notices[0] == "token budget: vLLM 192, SGLang 384"
        await stage.press("tab", "left_parenthesis")
        assert [each.value("max_num_batched_tokens") for each in stage.scene.workload.strategies
                if each.name == "vllm"] == [128]  # fmt: skip
        assert stage.notices[0] == "token budget: vLLM 128"


async def test_a_lane_without_a_budget_says_so_in_one_note() -> None:
    async with on_stage(WORKLOAD) as stage:
        await stage.press("shift+tab", "right_parenthesis")
        assert stage.notices[0] == "continuous has no token budget"


@pytest.mark.parametrize(
    ("name", "told", "tokens"),
    [
        ("memory-halve", "SGLang 1,024", 1024),
        ("memory-double", "vLLM unlimited, SGLang 4,096", 4096),
        ("memory-free", "vLLM unlimited, SGLang unlimited", None),
        ("memory-restore", "vLLM unlimited, SGLang 2,048", 2048),
    ],
)
async def test_the_palette_turns_the_memory(name: str, told: str, tokens: int | None) -> None:
    async with on_stage(WORKLOAD) as stage:
        await stage.live.run_action(command(name))
        await stage.settled()
        assert stage.scene.workload.strategies[1].value("kv_cache_tokens") == tokens
        notice = stage.notices[0]
        assert notice.startswith("KV cache tokens: ")
        assert notice.endswith(told)


async def test_brackets_turn_the_slots_of_engines() -> None:
    async with on_stage(WORKLOAD) as stage:
        await stage.press("left_square_bracket")
        assert [each.slots for each in stage.scene.workload.strategies] == [7, 7, 3]


@pytest.mark.parametrize(("strategies", "seen"), [([Vllm()], True), ([Continuous(2)], False)])
async def test_the_bar_offers_the_budget_where_somebody_has_one(
    strategies: list[Vllm | Continuous], seen: bool
) -> None:
    workload = hand_made((0, 20, 5), strategies=strategies)
    async with on_stage(workload, (160, 45)) as stage:
        assert ("() budget" in stage.rows()[-1]) is seen
        assert "kv memory" not in stage.rows()[-1].lower()


async def test_the_batch_size_view_goes_on_to_other_parameters() -> None:
    async with on_stage(WORKLOAD, (120, 36), view="8") as stage:
        await stage.swept()
        assert "by batch size" in stage.seen()
        for words, left_out in (("by token budget, tokens", True), ("by KV cache tokens", False)):
            await stage.press("m")
            await stage.swept()
            assert words in stage.seen()
            assert ("left out: continuous" in stage.seen()) is left_out
        await stage.press("m")
        await stage.swept()
        assert "by batch size" in stage.seen()
