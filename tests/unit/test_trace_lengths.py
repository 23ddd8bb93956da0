"""Lengths from a file with generated arrivals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracle import SHARED
from traces import AZURE_2023, PLAIN, SHAREGPT, VLLM_BENCH, refusal, rows, written

from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings, parse_workload

VIDUR_LENGTHS = "num_prefill_tokens,num_decode_tokens,pd_ratio\n3000,54,55.6\n2100,156,13.5\n"
SGLANG = {key: VLLM_BENCH[key] for key in VLLM_BENCH if key not in ("start_times", "date")}
FILES = {
    "vidur": (VIDUR_LENGTHS, [(3000, 54), (2100, 156)]),
    "sglang": (json.dumps(SGLANG), [(6, 8), (7, 9)]),
    "sharegpt": (SHAREGPT, [(7, 3), (12, 9)]),
    "keys": ('{"input_tokens": 5, "output_tokens": 6}', [(5, 6)]),
    "a trace": (PLAIN, [(3, 4), (1, 2), (5, 6)]),
    "another": (AZURE_2023, [(4808, 10), (0, 8)]),
}


def loaded(path: Path, more: str = "") -> Workload:
    requests = f"{{lengths: '{path}', arrivals: {{poisson: {{rate: 2}}}}{more}}}"
    return parse_workload(f"requests: {requests}", "w.yaml")


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_lengths_keep_the_order_of_the_file(
    tmp_path: Path, text: str, expected: list[tuple[int, int]]
):
    workload = loaded(written(tmp_path, text))
    assert [row[1:] for row in rows(workload)] == expected
    assert "read" in workload.notices[0]


def test_arrivals_are_those_of_a_recipe(tmp_path: Path):
    recipe = parse_workload(
        "requests: {generate: {count: 3, seed: 5, arrivals: {poisson: {rate: 2}}, "
        "input_tokens: {fixed: 1}, output_tokens: {fixed: 1}}}",
        "w.yaml",
    )
    workload = loaded(written(tmp_path, PLAIN), ", seed: 5")
    times = workload.requests.arrival_time.tolist()
    assert times == recipe.requests.arrival_time.tolist()
    changed = apply_settings(workload, ["workload.seed=6", "workload.rate=4", "workload.count=2"])
    assert (len(changed.requests), changed.source.rate, changed.source.seed) == (2, 4, 6)
    assert changed.requests.arrival_time.tolist() != times[:2]


def test_options_that_are_not_about_time(tmp_path: Path):
    path = written(tmp_path, PLAIN)
    assert [row[1:] for row in rows(loaded(path, ", max_output: 3, over: drop"))] == [(1, 2)]
    workload = apply_settings(loaded(path), ["workload.max_input=2", "workload.max_tokens=9"])
    assert [row[1:] for row in rows(workload)] == [(2, 4), (1, 2), (2, 6)]
    assert workload.requests.max_tokens.tolist() == [9, 9, 9]
    columns = ", columns: {input: output_tokens, output: input_tokens}"
    assert [row[1:] for row in rows(loaded(path, columns))] == [(4, 3), (2, 1), (6, 5)]
    with pytest.raises(InputError, match="found the unknown key 'start'"):
        loaded(path, ", start: 1s")
    with pytest.raises(
        InputError, match=r"workload.start=1s: found start of lengths, expected one"
    ):
        apply_settings(loaded(path), ["workload.start=1s"])
    with pytest.raises(InputError, match=r"requests.arrivals: found nothing"):
        parse_workload(f"requests: {{lengths: '{path}'}}", "w.yaml")


def test_results_without_arrivals_say_so_and_how_they_are_used(tmp_path: Path):
    told = refusal(written(tmp_path, json.dumps(SGLANG)))
    assert (
        "found lengths without arrivals (no start_times: sglang.bench_serving writes none" in told
    )
    assert "{lengths: FILE, arrivals: {poisson: {rate: 2}}}" in told


def test_the_lengths_of_vidur():
    path = SHARED / "cases" / "lengths-only.csv"
    if not path.exists():
        pytest.skip("the cases (../shared/cases) are not beside this checkout")
    assert [row[1:] for row in rows(loaded(path))] == [(3000, 54), (2100, 156)]


def test_conversations_without_counts_say_what_to_do(tmp_path: Path):
    told = [{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "No."}]}]
    path = written(tmp_path, json.dumps(told), "sharegpt.json")
    with pytest.raises(InputError) as error:
        _ = loaded(path).requests
    assert str(error.value) == (
        f"{path}: request 0: conversations.1.num_tokens: found 'No.', expected the number of its "
        "tokens as num_tokens beside it, or in its place (the model's tokenizer counts them)"
    )
    sentence = (
        f"{path}: found lengths without arrivals (ShareGPT), expected requests: {{lengths: FILE, "
        "arrivals: {poisson: {rate: 2}}} in a workload file, which makes arrivals for them"
    )
    assert refusal(path) == sentence
    assert refusal(path, "workload.format=sharegpt") == sentence
