"""What requests begin with: groups in a list, system prompts and conversations that are drawn."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from contents import shared_tokens
from workload_texts import generated, recipe

from tui_batching.clock import MICROSECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.workload import Workload, apply_settings, parse_workload

COLUMNS = ("arrival_time", "input_tokens", "output_tokens", "stream", "stream_tokens")
MANY = {
    "count": "2000",
    "input_tokens": "{uniform: [10, 90]}",
    "output_tokens": "{uniform: [5, 40]}",
}
TURNS = "{mean: 4, think_time: 20s}"
PREFIXES = "[{weight: 3, tokens: 1200}, {weight: 1, tokens: 0}]"


def by_id(requests: Requests) -> Requests:
    return requests.part(np.argsort(requests.id))


def test_a_list_says_who_begins_alike() -> None:
    groups = [("a", 60), ("b", 5), ("a", 40), (None, 0), (7, 10), ("7", 9)]
    entries = [
        f"  - {{arrival_time: {k}, input_tokens: 50, output_tokens: 10"
        + ("}" if group is None else f", prefix: {{group: {group}, tokens: {tokens}}}}}")
        for k, (group, tokens) in enumerate(groups)
    ]
    requests = parse_workload("requests:\n" + "\n".join(entries), "w.yaml").requests
    assert requests.input_tokens.tolist() == [50] * 6
    assert requests.stream.tolist() == [0, 1, 0, -1, 2, 2]
    assert [shared_tokens(requests, 0, k) for k in range(1, 6)] == [0, 40, 0, 0, 0]
    assert shared_tokens(requests, 4, 5) == 9


def test_a_list_without_prefixes_has_nothing_in_common() -> None:
    text = "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]"
    assert parse_workload(text, "w.yaml").requests.stream.tolist() == [-1]


def test_a_system_prompt_comes_before_what_is_drawn() -> None:
    plain, begun = recipe(**MANY), recipe(**MANY, prefixes=PREFIXES)
    without, requests = plain.make_requests(), begun.make_requests()
    for name in ("id", "arrival_time", "output_tokens", "max_tokens"):
        assert (getattr(requests, name) == getattr(without, name)).all()
    more = requests.input_tokens - without.input_tokens
    assert set(more.tolist()) == {0, 1200}
    assert (more == 1200).mean() == pytest.approx(0.75, abs=0.03)
    assert (requests.stream_tokens == more).all()
    assert ((requests.stream >= 0) == (more > 0)).all()
    first, second = np.flatnonzero(more)[:2]
    assert shared_tokens(requests, first, second) == 1200


def test_one_prefix_can_stand_for_many_of_its_length() -> None:
    requests = recipe(**MANY, prefixes="[{tokens: 100, count: 20}]").make_requests()
    _, counts = np.unique(requests.stream, return_counts=True)
    assert len(counts) == 20
    assert counts.min() > 60
    assert set(requests.stream_tokens.tolist()) == {100}


def conversations(requests: Requests) -> list[list[int]]:
    """The rows of each conversation by turn, of requests in the order of their ids."""
    found: dict[int, list[int]] = {}
    for row, stream in enumerate(requests.stream.tolist()):
        found.setdefault(stream, []).append(row)
    return list(found.values())


def test_a_turn_has_all_before_it_in_its_prompt() -> None:
    source = recipe(**MANY, turns=TURNS, prefixes=PREFIXES)
    requests, drawn = by_id(source.make_requests()), recipe(**MANY).make_requests()
    assert (requests.output_tokens == drawn.output_tokens).all()
    begun = set()
    for rows in conversations(requests):
        assert rows == list(range(rows[0], rows[-1] + 1))
        said = int(requests.input_tokens[rows[0]] - drawn.input_tokens[rows[0]])
        begun.add(said)
        for row in rows:
            assert requests.input_tokens[row] == said + drawn.input_tokens[row]
            said = int(requests.input_tokens[row] + requests.output_tokens[row])
            assert requests.stream_tokens[row] == said
        for before, after in pairwise(rows):
            known = int(requests.input_tokens[before] + requests.output_tokens[before])
            assert shared_tokens(requests, before, after) == known
            assert requests.arrival_time[after] >= requests.arrival_time[before]
    assert begun == {0, 1200}
    one, other, *_ = (rows[0] for rows in conversations(requests) if said_before(requests, rows[0]))
    assert shared_tokens(requests, one, other) == 1200


def said_before(requests: Requests, row: int) -> int:
    return int(requests.streams.start[requests.stream[row]])


def test_turns_have_the_mean_and_come_a_thought_apart() -> None:
    source = recipe(**MANY | {"count": "20000"}, turns=TURNS)
    requests = by_id(source.make_requests())
    turns = conversations(requests)
    assert np.mean(list(map(len, turns))) == pytest.approx(4, rel=0.05)
    gaps = np.diff(requests.arrival_time)[np.diff(requests.stream) == 0]
    assert gaps.mean() == pytest.approx(20 * SECOND, rel=0.05)
    assert np.median(gaps) == pytest.approx(20 * SECOND * np.log(2), rel=0.05)
    assert not (gaps % MICROSECOND).any()
    last = int(requests.arrival_time.max())
    assert len(requests) / (last / SECOND) == pytest.approx(source.rate, rel=0.1)


def test_all_at_once_begin_all_conversations_at_once() -> None:
    requests = by_id(recipe(**MANY, arrivals="{burst: {}}", turns=TURNS).make_requests())
    first = [rows[0] for rows in conversations(requests)]
    assert not requests.arrival_time[first].any()
    assert requests.arrival_time.max() > 60 * SECOND


def test_another_rate_moves_conversations_and_lets_people_think_as_long() -> None:
    source = recipe(**MANY, turns=TURNS, prefixes=PREFIXES)
    slow, fast = (by_id(source.with_rate(rate).make_requests()) for rate in (1, 100))
    for name in ("input_tokens", "output_tokens", "stream", "stream_tokens"):
        assert (getattr(slow, name) == getattr(fast, name)).all()
    turns = np.diff(slow.stream) == 0
    assert (np.diff(slow.arrival_time)[turns] == np.diff(fast.arrival_time)[turns]).all()
    assert slow.arrival_time.max() > 4 * fast.arrival_time.max()


def test_clients_of_a_class_ask_by_their_own_rule_in_whatever_turn() -> None:
    classes = (
        "[{input_tokens: {fixed: 5}, output_tokens: {fixed: 3}, max_tokens: 50}, "
        "{input_tokens: {fixed: 7}, output_tokens: {fixed: 4}}]"
    )
    lengths = dict.fromkeys(("input_tokens", "output_tokens"), "")
    requests = recipe(**MANY | lengths, classes=classes, turns=TURNS).make_requests()
    assert set(zip(requests.output_tokens.tolist(), requests.max_tokens.tolist(), strict=True)) == {
        (3, 50),
        (4, 4),
    }


FROZEN = {
    "prefixes": "767c31ab3b09dd7f",
    "turns": "98ffd779f42ffd25",
    "both": "310a3a414eadabf4",
}


@pytest.mark.parametrize(("name", "expected"), FROZEN.items())
def test_the_bytes_never_change(name: str, expected: str) -> None:
    keys = {"prefixes": PREFIXES, "turns": TURNS}
    source = recipe(**MANY, **(keys if name == "both" else {name: keys[name]}))
    requests = source.make_requests()
    columns = [getattr(requests, each).astype("<i8").tobytes() for each in COLUMNS]
    columns += [requests.streams.parent.tobytes(), requests.streams.start.tobytes()]
    assert hashlib.sha256(b"".join(columns)).hexdigest()[:16] == expected


def test_settings_change_what_prompts_begin_with() -> None:
    workload = parse_workload(generated(**MANY), "w.yaml")
    assert begins(workload, "workload.prefixes=[{tokens: 300}]") == {300}
    assert begins(workload, "workload.prefixes=[{tokens: 3}, {tokens: 9}]") == {3, 9}
    same = ["workload.prefixes=[{tokens: 300}]", "workload.prefixes=none"]
    assert begins(workload, *same) == {0}
    talks = apply_settings(workload, ["workload.turns={mean: 3, think_time: 5s}"])
    assert talks.requests.input_tokens.max() > 300
    assert apply_settings(talks, ["workload.turns=none"]).requests.input_tokens.max() <= 90


def begins(workload: Workload, *settings: str) -> set[int]:
    return set(apply_settings(workload, settings).requests.stream_tokens.tolist())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "workload.prefixes=[{tokens: -3}]",
            "[0].tokens: found -3, expected a whole number >= 0",
        ),
        (
            "workload.turns={mean: 4}",
            "think_time: found nothing, expected a duration such as 20ms, 0.3us or 0.5 (seconds)",
        ),
        (
            "workload.prefixes=[{tokens: 3]",
            "1: found broken YAML (did not find expected ',' or '}'), expected valid YAML",
        ),
        ("workload.prefixes=[{tokens: 3", "found '[{tokens: 3', expected a list"),
        ("workload.turns=4", "found 4, expected a mapping with mean, think_time"),
    ],
)
def test_a_wrong_setting_is_refused(setting: str, sentence: str) -> None:
    workload = parse_workload(generated(), "w.yaml")
    with pytest.raises(InputError) as error:
        apply_settings(workload, [setting])
    assert str(error.value).startswith(f"--set {setting}:")
    assert str(error.value).removeprefix(f"--set {setting}:").lstrip() == sentence


def test_python_gives_them_as_lists_and_dicts() -> None:
    workload = parse_workload(generated(**MANY), "w.yaml")
    changed = apply_settings(workload, {"workload.prefixes": [{"tokens": 7, "weight": 2}]})
    assert set(changed.requests.stream_tokens.tolist()) == {7}


def test_only_recipes_have_them() -> None:
    text = "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]"
    with pytest.raises(InputError, match="only generated requests have this one"):
        apply_settings(parse_workload(text, "w.yaml"), ["workload.turns={mean: 2, think_time: 1}"])


def test_prompts_that_grow_too_long_and_talks_that_end_too_late_are_refused() -> None:
    endless = recipe(**MANY, turns="{mean: 4, think_time: 1e6}")
    with pytest.raises(InputError, match="the last arrival lies beyond 106 days"):
        endless.make_requests()
    long = recipe(**MANY | {"input_tokens": "{fixed: 2000000000}"}, turns=TURNS)
    with pytest.raises(
        InputError, match=r"found a prompt of [0-9]+ tokens with all that it begins"
    ):
        long.make_requests()
