"""Lanes of one kind, such as `vllm@8k` and `vllm@512`: the same rule with other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from command_line import complaint, printed_rows
from stage import hand_made, on_stage

from tui_batching.analysis.comparison import compare
from tui_batching.charts.palette import load_palettes
from tui_batching.charts.race import shown_name
from tui_batching.errors import InputError
from tui_batching.strategies import STRATEGIES, Orca, Static, Vllm, kind_of, mark_of
from tui_batching.tour import ViewParts, parse_deck
from tui_batching.tour.values import told
from tui_batching.workload import Workload, choose_strategies, load_workload, parse_workload

RULES = load_workload("rule-by-rule")


def two(workload: Workload = RULES) -> Workload:
    chosen = choose_strategies(workload, ["vllm", "vllm@512"])
    return chosen.with_settings({"vllm@512.max_num_batched_tokens": 512})


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_tag_changes_nothing_of_what_is_served(name: str) -> None:
    workload = choose_strategies(load_workload("long-prompt"), [name, f"{name}@b"])
    one, other = compare(workload)
    assert (one.strategy.name, other.strategy.name) == (name, f"{name}@b")
    assert dict(one.metrics) == dict(other.metrics)


def test_each_has_its_own_settings_and_is_what_it_is_alone() -> None:
    wide, narrow = compare(two())
    (alone,) = compare(RULES.served_by("vllm").with_settings(["vllm.max_num_batched_tokens=512"]))
    assert dict(narrow.metrics) == dict(alone.metrics)
    assert dict(wide.metrics) != dict(narrow.metrics)


def test_one_begins_as_the_one_without_a_tag_and_settings_for_all_reach_it() -> None:
    workload = RULES.with_settings(["vllm.max_num_seqs=3"])
    (tagged,) = workload.served_by("vllm@a").strategies
    assert tagged == replace(workload.served_by("vllm").strategies[0], tag="a")
    assert tagged.value("max_num_seqs") == 3
    workload = workload.served_by("vllm", "vllm@a").with_settings(["block_size=32"])
    assert [each.value("block_size") for each in workload.strategies] == [32, 32]
    named_later = load_workload("notebook").with_settings(["batch_size=7"]).served_by("orca@a")
    assert named_later.strategies == (Orca(7, tag="a"),)


def test_in_python_one_is_given_with_its_tag() -> None:
    workload = RULES.served_by(Vllm(), Vllm(max_num_batched_tokens=512, tag="512"))
    assert workload.strategy("vllm@512").value("max_num_batched_tokens") == 512


def test_a_workload_file_names_them() -> None:
    workload = parse_workload(
        """\
requests: [{arrival_time: 0, input_tokens: 5, output_tokens: 2}]
strategies:
  static@2: {batch_size: 2}
  static@8: {batch_size: 8}
""",
        "mine.yaml",
    )
    assert workload.strategies == (Static(2, tag="2"), Static(8, tag="8"))


def test_slots_by_default_stay_doubtful_until_they_are_chosen(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n")
    workload = load_workload(trace).served_by("static", "static@b")
    assert {"static", "static@b"} <= workload.assumed
    assert "static@b" not in workload.with_settings(["static@b.batch_size=8"]).assumed


def test_their_marks_differ_without_colour_and_their_shades_where_colours_are_mixed() -> None:
    assert [mark_of(name) for name in ("vllm", "vllm@8k", "vllm@512")] == ["V", "8", "5"]
    for palette in load_palettes().values():
        shades = {palette.strategy(name).name for name in ("vllm", "vllm@8k", "vllm@2k")}
        assert len(shades) == (1 if palette.ansi else 3)
    assert kind_of("vllm@8k") is Vllm


def test_where_it_is_narrow_the_tag_tells_one_from_the_others() -> None:
    names = ["vllm", "vllm@8k", "vllm@512", "vllm@whole"]
    assert [shown_name(name, 80) for name in names] == ["vLLM", "@8k", "@512", "whol"]
    assert shown_name("vllm@orca", 80) == "@orc"


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("vllm@a,vllm@a", "--strategies: found 'vllm@a' twice, expected each strategy once"),
        (
            "vllm@512,orca@5",
            "--strategies: found vllm@512 and orca@5, expected tags that begin",
        ),
    ],
)
def test_what_cannot_be_told_apart_is_refused(
    names: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint(capsys, "compare", "--strategies", names).startswith(sentence)


@pytest.mark.parametrize("tag", ["", "A", "-a", "a.b", "a@b", "thirteen-more"])
def test_other_tags_are_refused(tag: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(capsys, "compare", "--strategies", f"vllm@{tag}")
    assert said.startswith(f"--strategies: found 'vllm@{tag}', expected one of static, dynamic,")
    if tag:
        with pytest.raises(InputError, match=r"vllm@: found .* expected up to 12 small letters"):
            Vllm(tag=tag)


def test_the_key_of_one_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    setting = "vllm@b.max_num_seqs=1"
    said = complaint(capsys, "compare", "--strategies", "vllm", "--set", setting)
    assert said.startswith(
        f"--set {setting}: found the unknown key 'vllm@b.max_num_seqs', expected"
    )


def test_a_sweep_and_its_table_know_them(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("load", "rule-by-rule", "--strategies", "vllm,vllm@b", "--values", "1")
    rows = printed_rows(capsys, "sweep", *arguments, "--csv", "-")
    assert [row["strategy"] for row in rows] == ["vllm", "vllm@b"]


def test_a_deck_sets_them_and_tells_of_them() -> None:
    text = """\
chapters:
  - title: One
    text: "{vllm@512.max_num_batched_tokens}, not {vllm.max_num_batched_tokens}"
    workload: rule-by-rule
    strategies: [vllm, vllm@512]
    set: {vllm@512.max_num_batched_tokens: 512}
    focus: vllm@512
"""
    (chapter,) = parse_deck(text, Path("talk.yaml"), {"live": ViewParts(has_panels=True)}).chapters
    assert told(chapter.text[0], compare(chapter.served), {}) == "512, not 2,048"
    assert chapter.focus == "vllm@512"


async def test_on_stage_a_knob_turns_the_lane_in_focus_alone() -> None:
    workload = hand_made((0, 20, 9), (0, 20, 9), (0, 20, 9), strategies=[Vllm(4), Vllm(4, tag="b")])
    async with on_stage(workload) as stage:
        assert [title.split()[0] for title in stage.titles] == ["vLLM", "vLLM@b"]
        await stage.press("tab", "tab", "left_square_bracket")
        assert [run.slots for run in stage.scene.runs] == [4, 3]
        await stage.press("tab", "left_square_bracket")
        assert [run.slots for run in stage.scene.runs] == [3, 2]


async def test_a_key_right_behind_that_of_the_focus_turns_the_lane_in_focus_alone() -> None:
    """As when both are written at once, by somebody fast or over a slow line."""
    workload = hand_made((0, 20, 9), (0, 20, 9), (0, 20, 9), strategies=[Vllm(4), Vllm(4, tag="b")])
    async with on_stage(workload) as stage:
        stage.live.action_focus_lane(1)
        stage.live.action_turn("batch_size", -1)
        await stage.settled()
        assert [run.slots for run in stage.scene.runs] == [3, 4]
