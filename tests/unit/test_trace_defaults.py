"""What serves a trace for which nobody has said it is told, and taken from a profile."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import on_stage
from traces import EIGHT, PLAIN, written

from tui_batching.__main__ import main
from tui_batching.workload import Workload, apply_settings, load_workload, parse_workload
from tui_batching.workload.serving import choose_strategies

H100 = "cost=h100-llama-3-8b"
NO_COST = "nothing says what an iteration costs: it is the textbook's"
NO_SLOTS = "nothing says how many slots there are: they are the"
FOUR, MOST = f"{NO_SLOTS} 4 that the textbook has", f"{NO_SLOTS} 256 that h100-llama-3-8b holds for"


def served(folder: Path, *settings: str) -> Workload:
    return apply_settings(load_workload(written(folder, EIGHT)), settings)


def told(workload: Workload) -> list[str]:
    return [notice.partition(" (")[0] for notice in workload.notices[1:]]


def slots(workload: Workload) -> list[int]:
    return [strategy.slots for strategy in workload.strategies]


@pytest.mark.parametrize(
    ("settings", "sentences", "expected"),
    [
        ([], [NO_COST, FOUR], [4, 4, 4]),
        ([H100], [MOST], [256, 256, 256]),
        (["cost=textbook"], [FOUR], [4, 4, 4]),
        (["batch_size=8"], [NO_COST], [8, 8, 8]),
        ([H100, "batch_size=8"], [], [8, 8, 8]),
        (["batch_size=8", H100], [], [8, 8, 8]),
        (["static.batch_size=8", H100], [MOST], [8, 256, 256]),
        (["cost.decode_step=10ms"], [FOUR], [4, 4, 4]),
        (["timeout=1s"], [NO_COST, FOUR], [4, 4, 4]),
    ],
)
def test_what_is_by_default_is_told(
    tmp_path: Path, settings: list[str], sentences: list[str], expected: list[int]
):
    workload = served(tmp_path, *settings)
    assert told(workload) == sentences
    assert slots(workload) == expected


def test_what_a_file_says_is_not_by_default(tmp_path: Path):
    written(tmp_path, EIGHT)
    text = "requests: {trace: t.csv}\ncost: h100-llama-3-8b\n"
    costed = parse_workload(text, "w.yaml", tmp_path)
    assert slots(costed) == [256, 256, 256]
    text += "strategies: {static: {batch_size: 4}, dynamic: {}}\n"
    workload = parse_workload(text, "w.yaml", tmp_path)
    assert slots(workload) == [4, 256]
    assert slots(choose_strategies(workload, ["static", "continuous"])) == [4, 256]
    assert told(choose_strategies(costed, ["vllm"])) == []


def test_what_is_generated_or_listed_has_the_textbooks_cost_without_a_word():
    assert load_workload("notebook").assumed == frozenset()
    listed = "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]"
    assert slots(apply_settings(parse_workload(listed, "w.yaml"), [H100])) == [4, 4, 4]


def test_the_head_of_the_table_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(written(tmp_path, EIGHT))
    assert main(["compare", path]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert head == "t · 8 requests · textbook cost by default · 4 slots by default"
    assert main(["compare", path, "--set", H100, "batch_size=8"]) == 0
    assert (
        capsys.readouterr().out.splitlines()[0] == "t · 8 requests · h100-llama-3-8b (kernels only)"
    )


@pytest.mark.parametrize(
    ("kind", "strategies", "slots"),
    [
        ("batch-size", "static,continuous", False),
        ("load", "static,continuous", True),
        ("timeout", "static,dynamic", True),
        ("max_num_seqs", "static,vllm", False),
    ],
)
def test_slots_that_a_sweep_varies_are_not_by_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, strategies: str, slots: bool
):
    path = str(written(tmp_path, PLAIN))
    command = [kind, path, "--strategies", strategies, "--values", "1"]
    assert main(["sweep", *command]) == 0
    out, told = capsys.readouterr()
    assert ("4 slots by default" in out.splitlines()[0]) is slots
    assert (FOUR in told) is slots
    assert NO_COST in told


async def test_narrow_lanes_say_it_in_fewer_words(tmp_path: Path) -> None:
    async with on_stage(served(tmp_path), (102, 36)) as stage:
        assert "DYNAMIC 4 · 500 ms by default" in stage.seen()


async def test_the_lanes_and_the_title_tell_it(tmp_path: Path) -> None:
    async with on_stage(served(tmp_path), (160, 45)) as stage:
        assert "8 requests · 1/s · textbook cost" in stage.rows()[0]
        assert stage.seen().count("batch 4 by default") == 2
        assert "batch 4 · 500 ms by default" in stage.seen()
        await stage.press("]")
        assert "by default" not in stage.seen()
