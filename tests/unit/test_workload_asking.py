"""What clients ask for, `max_tokens`, and who goes first: read, set, kept and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import complaint, printed_json
from hypothesis import given
from hypothesis import strategies as st
from stage import on_stage
from traces import written
from workload_texts import ONE, generated

from tui_batching.__main__ import main
from tui_batching.analysis.loads import Played
from tui_batching.analysis.sweeps import sweep
from tui_batching.errors import InputError
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Orca
from tui_batching.workload import Workload, apply_settings, load_workload, parse_workload
from tui_batching.workload.asking import Asking, asking

TWO = """
  - {arrival_time: 1s, input_tokens: 5, output_tokens: 9, max_tokens: 20, priority: -3}
  - {arrival_time: 0s, input_tokens: 6, output_tokens: 7}
"""
RECIPE = generated(count="200", output_tokens="{uniform: [1, 900]}")
CSV = (
    "arrival_time,priority,input_tokens,max_tokens,output_tokens\n"
    "0.0,0,6,,7\n1.0,-3,5,20,9\n2.5,4,5,9,9\n"
)


def listed(more: str = "") -> Workload:
    return parse_workload(f"requests:\n  list:{TWO}{more}", "w.yaml")


def asked(workload: Workload) -> list[int]:
    return workload.requests.max_tokens.tolist()


def test_a_list_says_what_each_asks_for_and_its_priority():
    requests = parse_workload(f"requests:{TWO}", "w.yaml").requests
    assert requests.output_tokens.tolist() == [7, 9]
    assert requests.max_tokens.tolist() == [7, 20]
    assert requests.priority.tolist() == [0, -3]


def test_a_list_may_say_what_all_ask_for():
    assert asked(listed()) == [7, 20]
    assert asked(listed("  max_tokens: 8\n")) == [8, 9]
    assert asked(listed("  max_tokens: exact\n")) == [7, 9]
    assert listed("  max_tokens: power_of_two\n").requests.max_tokens.tolist() == [8, 16]
    assert listed("  max_tokens: 8\n").requests.priority.tolist() == [0, -3]


def test_nothing_changes_where_it_is_not_told():
    plain = parse_workload(RECIPE, "w.yaml")
    exact = parse_workload(RECIPE + "\n    max_tokens: exact", "w.yaml")
    assert asked(plain) == asked(exact) == plain.requests.output_tokens.tolist()
    assert plain.notices == exact.notices == ()


def test_a_recipe_says_what_all_ask_for_and_draws_the_same_requests():
    plain = parse_workload(RECIPE, "w.yaml").requests
    more = parse_workload(RECIPE + "\n    max_tokens: 1000", "w.yaml")
    assert set(asked(more)) == {1000}
    assert more.notices == ()
    assert more.requests.output_tokens.tolist() == plain.output_tokens.tolist()
    assert more.requests.arrival_time.tolist() == plain.arrival_time.tolist()


CHATS = "{input_tokens: {fixed: 5}, output_tokens: {uniform: [1, 200]}, max_tokens: 150}"
CODE = "{input_tokens: {fixed: 6}, output_tokens: {uniform: [1, 99]}, max_tokens: power_of_two}"
LONG = "{input_tokens: {fixed: 7}, output_tokens: {uniform: [1, 99]}}"
EXACT = "{input_tokens: {fixed: 8}, output_tokens: {uniform: [1, 99]}, max_tokens: exact}"


def of_classes(*classes: str, **keys: str) -> Workload:
    text = generated(
        count="300", input_tokens="", output_tokens="", classes=f"[{', '.join(classes)}]", **keys
    )
    return parse_workload(text, "w.yaml")


def test_each_class_may_say_what_it_asks_for_and_the_recipe_says_it_for_the_rest():
    told = of_classes(CHATS, CODE, LONG, EXACT, max_tokens="80").requests
    asking_of = {
        5: lambda made: max(made, 150),
        6: lambda made: 1 << (made - 1).bit_length(),
        7: lambda made: max(made, 80),
        8: lambda made: made,
    }
    rows = zip(told.input_tokens.tolist(), told.output_tokens.tolist(), strict=True)
    assert told.max_tokens.tolist() == [asking_of[prompt](made) for prompt, made in rows]
    assert set(told.input_tokens.tolist()) == set(asking_of)


def test_what_classes_ask_for_changes_no_draw():
    plain = of_classes(*(kind.partition(", max")[0] + "}" for kind in (CHATS, CODE)))
    asked_for = of_classes(CHATS, CODE).requests
    for name in ("arrival_time", "input_tokens", "output_tokens"):
        assert getattr(asked_for, name).tolist() == getattr(plain.requests, name).tolist()
    assert asked(plain) == plain.requests.output_tokens.tolist()


def test_what_is_set_for_the_workload_holds_for_all_classes():
    workload = of_classes(CHATS, CODE, LONG, max_tokens="80")
    assert set(asked(apply_settings(workload, ["workload.max_tokens=1000"]))) == {1000}
    exact = apply_settings(workload, ["workload.max_tokens=exact"])
    assert asked(exact) == workload.requests.output_tokens.tolist()


def test_longer_answers_are_told_of_each_number_that_is_asked_for():
    workload = of_classes(CHATS, CODE, LONG, max_tokens="80")
    prompts, made = workload.requests.input_tokens, workload.requests.output_tokens
    chats = int(((prompts == 5) & (made > 150)).sum())
    rest = int(((prompts == 7) & (made > 80)).sum())
    first, second = workload.notices
    assert first.startswith(f"max_tokens 150: {chats} answers are longer: ")
    assert second.startswith(f"max_tokens 80: {rest} answers are longer: ")
    alike = of_classes(CHATS, LONG, max_tokens="150").notices
    assert len(alike) == 1


def test_who_gets_more_than_that_asks_for_what_it_gets_and_that_is_told():
    workload = apply_settings(parse_workload(RECIPE, "w.yaml"), ["workload.max_tokens=450"])
    made = workload.requests.output_tokens
    assert asked(workload) == [max(450, tokens) for tokens in made.tolist()]
    longer = sum(tokens > 450 for tokens in made.tolist())
    assert 50 < longer < 150
    (notice,) = workload.notices
    assert notice == (
        f"max_tokens 450: {longer} answers are longer: their requests ask for as many tokens as "
        "the answer has"
    )
    assert listed("  max_tokens: 8").notices == (
        "max_tokens 8: 1 answer is longer: its request asks for as many tokens as the answer has",
    )


def test_a_count_and_a_rate_keep_what_is_asked_for():
    for text in (f"requests:{TWO}", "requests:\n  list:" + TWO):
        source = parse_workload(text, "w.yaml").source
        faster = source.with_rate(10).make_requests()
        assert (faster.max_tokens.tolist(), faster.priority.tolist()) == ([7, 20], [0, -3])
        assert source.with_count(1).make_requests().max_tokens.tolist() == [7]
    recipe = parse_workload(RECIPE + "\n    max_tokens: 1000", "w.yaml").source
    for changed in (recipe.with_rate(9), recipe.with_count(5), recipe.with_seed(1)):
        assert set(changed.make_requests().max_tokens.tolist()) == {1000}


def test_sweeps_and_capacities_keep_what_is_asked_for():
    workload = apply_settings(load_workload("asks-too-much"), ["workload.count=20"])
    own = workload.source.rate or 0
    orca = workload.strategy("orca")
    (point,) = sweep(workload, "load", (own,)).curve("orca")
    run = simulate(workload, orca)
    waited = (run.first_token_time - run.requests.arrival_time).mean() / 10**12
    assert point.metric("mean_ttft") == pytest.approx(waited)
    rows = Requests.from_columns(
        range(100), [5] * 100, [3] * 100, max_tokens=range(3, 103), priority=range(100)
    )
    text = "".join(
        f"\n- {{arrival_time: {k}s, input_tokens: 5, output_tokens: 3, max_tokens: {k + 3}}}"
        for k in range(100)
    )
    pieces = Played.of(parse_workload("requests:" + text, "w.yaml"), 2).at(1.0)
    assert [t for each in pieces for t in each.max_tokens.tolist()] == rows.max_tokens.tolist()


@given(st.lists(st.integers(1, MAX_TOKENS), min_size=1), st.integers(1, MAX_TOKENS))
def test_nobody_asks_for_fewer_than_it_gets(outputs: list[int], number: int):
    requests = Requests.from_columns([0] * len(outputs), [1] * len(outputs), outputs)
    rules: tuple[Asking, ...] = ("exact", "power_of_two", number)
    exact, power, fixed = (asking(requests, rule).max_tokens.tolist() for rule in rules)
    assert exact == outputs
    assert power == [min(1 << (n - 1).bit_length(), MAX_TOKENS) for n in outputs]
    assert fixed == [max(n, number) for n in outputs]
    assert asking(requests, None) is requests


def test_a_trace_may_say_it_in_any_format_and_leave_it_out_in_a_row(tmp_path: Path):
    requests = load_workload(written(tmp_path, CSV)).requests
    assert requests.max_tokens.tolist() == [7, 20, 9]
    assert requests.priority.tolist() == [0, -3, 4]
    lines = (
        '{"timestamp": 0, "input_length": 5, "output_length": 9, "max_tokens": 20}\n'
        '{"timestamp": 1, "input_length": 5, "output_length": 9, "priority": -1}\n'
        '{"timestamp": 2, "input_length": 5, "output_length": 9, "max_tokens": null}\n'
    )
    requests = load_workload(written(tmp_path, lines, "t.jsonl")).requests
    assert requests.max_tokens.tolist() == [20, 9, 9]
    assert requests.priority.tolist() == [0, -1, 0]
    result = (
        '{"request_throughput": 1, "total_input_tokens": 9, "start_times": [0, 1], '
        '"input_lens": [4, 5], "output_lens": [2, 3], "max_tokens": [8, 3]}'
    )
    requests = load_workload(written(tmp_path, result, "r.json")).requests
    assert requests.max_tokens.tolist() == [8, 3]
    quoted = CSV.replace("0.0,", '"0.0",')
    assert load_workload(written(tmp_path, quoted)).requests.max_tokens.tolist() == [7, 20, 9]


def test_a_trace_in_a_file_may_be_told_what_all_ask_for(tmp_path: Path):
    written(tmp_path, CSV)
    text = "requests: {trace: t.csv, max_tokens: 16, max_output: 8}"
    workload = parse_workload(text, "w.yaml", tmp_path)
    assert workload.requests.output_tokens.tolist() == [7, 8, 8]
    assert asked(workload) == [16, 16, 16]
    assert asked(apply_settings(workload, ["workload.max_tokens=8"])) == [8, 8, 8]
    clipped = parse_workload("requests: {trace: t.csv, max_output: 8}", "w.yaml", tmp_path)
    assert asked(clipped) == [7, 20, 9]
    first = parse_workload("requests: {trace: t.csv, limit: 2, over: drop}", "w.yaml", tmp_path)
    assert asked(first) == [7, 20]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (CSV.replace("20,9", "8,9"), "t.csv:3: max_tokens: found 8, expected >= 9, the tokens of"),
        (
            CSV.replace("20,9", "x,9"),
            "t.csv:3: max_tokens: found 'x', expected a whole number >= 1",
        ),
        (CSV.replace("-3", "1.5"), "t.csv:3: priority: found 1.5, expected a whole number"),
        (CSV.replace("-3", "9" * 12), "t.csv:3: priority: found 999999999999, expected a whole"),
        (CSV.replace("priority", "max_tokens"), "t.csv:1: found the column 'max_tokens' twice"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, text: str, sentence: str):
    path = written(tmp_path, text)
    with pytest.raises(InputError) as error:
        _ = load_workload(path).requests
    assert str(error.value).startswith(f"{tmp_path}/{sentence}")


@pytest.mark.parametrize("form", ["csv", "mooncake"])
def test_it_is_written_back(tmp_path: Path, form: str):
    path, again = written(tmp_path, CSV), tmp_path / "again.trace.jsonl"
    assert main(["workloads", "export", str(path), "--format", form, "-o", str(again)]) == 0
    before, after = load_workload(path).requests, load_workload(again).requests
    for name in ("arrival_time", "input_tokens", "output_tokens", "max_tokens", "priority"):
        assert getattr(before, name).tolist() == getattr(after, name).tolist()


def test_only_what_differs_is_written(capsys: pytest.CaptureFixture[str]):
    setting = ["--set", "workload.max_tokens=32"]
    assert main(["workloads", "export", "illustrative", *setting, "-o", "-"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[:3] == [
        "arrival_time,input_tokens,output_tokens,max_tokens",
        "0.0,50,10,32",
        "0.05,50,60,60",
    ]
    assert err.startswith("max_tokens 32: 2 answers are longer: their requests ask")


async def test_the_app_tells_whose_answers_are_longer():
    workload = apply_settings(load_workload("illustrative"), ["workload.max_tokens=32"])
    async with on_stage(workload) as stage:
        assert stage.notices == list(workload.notices)
        assert len(stage.notices) == 1


def test_who_reserves_heeds_it_and_who_does_not_reserve_does_not():
    """Twelve tokens fit; a request of 3 + 3 reserves 6 of them, or 11 if it asks for 8."""
    two = ", ".join([ONE.replace(": 1", ": 3")] * 2)
    text = (
        f"requests: [{two}]\ncost: {{iteration: {{base: 1ms, kv_cache_tokens: 12}}}}\n"
        "strategies: {orca: {}, fastgen: {block_size: 1}}"
    )
    workload = parse_workload(text, "w.yaml")
    more = apply_settings(workload, ["workload.max_tokens=8"])
    (both, other), (one, same) = (
        [simulate(w, strategy).start_time.tolist() for strategy in w.strategies]
        for w in (workload, more)
    )
    assert both[1] == both[0]
    assert one[1] > one[0]
    assert other == same


def test_who_can_never_be_served_is_refused_by_what_it_asks_for(
    capsys: pytest.CaptureFixture[str],
):
    setting = ["--set", "workload.max_tokens=9000", "--strategies", "orca"]
    assert "tokens of prompt and max_tokens to keep in memory" in complaint(
        capsys, "compare", "asks-too-much", *setting
    )


def test_the_command_line_sets_it(capsys: pytest.CaptureFixture[str]):
    setting = ["--set", "workload.max_tokens=exact", "--strategies", "orca", "--json"]
    found = printed_json(capsys, "compare", "asks-too-much", *setting)
    asked_for_more = simulate(load_workload("asks-too-much"), Orca(max_batch_size=16))
    metrics = found["runs"][0]["metrics"]
    assert metrics["total_time"] < 0.8 * asked_for_more.total_time / 10**12
