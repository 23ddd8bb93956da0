"""The bundled workloads load, differ, and do what their descriptions say."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from laws import most_at_once
from oracle import oracle
from stage import on_stage

from tui_batching.analysis.metrics import metrics
from tui_batching.analysis.peaks import peak_tokens_held
from tui_batching.analysis.sweeps import sweep
from tui_batching.analysis.tokens import token_gaps_by_request
from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.columns import BoolArray, IntArray
from tui_batching.errors import InputError
from tui_batching.reading import files
from tui_batching.reading.files import data_folder
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import apply_settings, bundled_workloads, load_workload

NAMES = (
    "notebook",
    "illustrative",
    "mixed-lengths",
    "chat",
    "code-completion",
    "rag",
    "equal-lengths",
    "bursty",
    "summarize-burst",
    "overload",
    "notebook-load",
    "notebook-batch-size",
    "notebook-large",
)
SHARED = ("system-prompt", "conversation", "cache-thrash")
ENGINES = ("long-prompt", "tight-memory", "asks-too-much", "rule-by-rule", *SHARED, "engines")
STUDY = ("anyscale-32", "anyscale-128", "anyscale-512", "anyscale-1536")


@cache
def runs(name: str) -> tuple[Run, ...]:
    workload = load_workload(name)
    return tuple(simulate(workload, strategy) for strategy in workload.strategies)


def runs_by_name(name: str) -> dict[str, Run]:
    return {run.strategy.name: run for run in runs(name)}


def waits(run: Run) -> IntArray:
    return run.start_time - run.requests.arrival_time


def latencies(run: Run) -> IntArray:
    return run.end_time - run.requests.arrival_time


def longest_queue(run: Run) -> int:
    arrivals = run.requests.arrival_time
    return max(int(((arrivals <= time) & (run.start_time > time)).sum()) for time in arrivals)


def held_share(run: Run) -> float:
    return float((run.end_time - run.finish_time).sum() / (run.end_time - run.start_time).sum())


def within_slo(name: str, run: Run) -> IntArray:
    slo = load_workload(name).slo
    assert slo is not None
    arrival, tokens = run.requests.arrival_time, run.requests.output_tokens
    per_token = (run.finish_time - run.first_token_time) / np.maximum(tokens - 1, 1)
    met = np.ones(len(run), dtype=bool)
    for limit, value in (
        (slo.ttft, run.first_token_time - arrival),
        (slo.tpot, per_token),
        (slo.e2el, run.end_time - arrival),
    ):
        met &= True if limit is None else value <= limit
    return met


def test_all_are_there_in_teaching_order():
    assert tuple(bundled_workloads()) == NAMES + ENGINES + STUDY


@pytest.mark.parametrize("name", NAMES + STUDY)
def test_each_has_a_name_a_description_and_all_strategies(name: str):
    workload = load_workload(name)
    assert workload.name == name
    assert 1 <= workload.description.count(". ") + 1 <= 3
    assert workload.description.endswith(".")
    assert [s.name for s in workload.strategies] == ["static", "dynamic", "continuous"]
    assert 4 <= workload.strategies[0].batch_size <= 16


@pytest.mark.parametrize("name", ENGINES)
def test_each_of_engines_has_a_name_and_a_description(name: str):
    workload = load_workload(name)
    assert workload.name == name
    assert 1 <= workload.description.count(". ") + 1 <= 3
    assert workload.description.endswith(".")
    lanes = {"cache-thrash": 1, "conversation": 2, "system-prompt": 3, "rule-by-rule": 3}.get(
        name, 4
    )
    assert lanes <= len(workload.strategies) <= 7


@pytest.mark.parametrize("name", NAMES + ENGINES)
def test_each_plays_for_seconds_to_two_minutes(name: str):
    longest = max(run.total_time for run in runs(name))
    few = {"illustrative": 2, "asks-too-much": 3, "tight-memory": 2, "long-prompt": 0.5}
    least = few.get(name, 10)
    assert least * SECOND <= longest <= 120 * SECOND


@pytest.mark.parametrize("name", NAMES + ENGINES)
def test_each_slo_is_met_by_some_requests_and_missed_by_others(name: str):
    met = np.concatenate([within_slo(name, run) for run in runs(name)])
    assert 0.1 < met.mean() < 0.9


def test_no_two_are_alike():
    names = NAMES + ENGINES
    served = {
        (workload.requests.arrival_time.tobytes(), workload.cost.kv_cache_tokens)
        for workload in map(load_workload, names)
    }
    assert len(served) == len(names)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("notebook", "part_1_main"),
        ("illustrative", "part_9_illustrative"),
        ("notebook-batch-size", "part_13_batch_size"),
        ("notebook-large", "part_14_large"),
    ],
)
def test_the_requests_are_those_of_the_oracle(name: str, part: str):
    requests = load_workload(name).requests
    expected = oracle()[part]["requests"]
    assert requests.arrival_time.tolist() == [r["arrival_ms"] * MILLISECOND for r in expected]
    assert requests.input_tokens.tolist() == [r["input_tokens"] for r in expected]
    assert requests.output_tokens.tolist() == [r["output_tokens"] for r in expected]


def test_notebook_is_through_earlier_in_continuous():
    static, dynamic, continuous = runs("notebook")
    assert round((dynamic.finished - continuous.finished) / SECOND, 1) == 1.6
    assert round((static.finished - continuous.finished) / SECOND, 1) == 1.6
    assert held_share(static) > 0
    assert held_share(dynamic) > 0


def test_illustrative_r4_waits_for_the_batch_of_r3():
    static, dynamic, continuous = runs("illustrative")
    for run in (static, dynamic):
        assert round(int(waits(run)[4]) / SECOND, 1) == 1.5
        assert run.start_time[4] == run.finish_time[3]
    assert continuous.stays.slot[4] == continuous.stays.slot[0] == 0
    assert continuous.end_time[0] < continuous.requests.arrival_time[4]


def test_mixed_lengths_short_answers_pass_the_long_one_in_continuous():
    static, dynamic, continuous = runs("mixed-lengths")
    tokens = static.requests.output_tokens
    assert (tokens > 300).sum() == 5
    assert sorted(tokens)[-6] <= 30
    assert longest_queue(continuous) <= 3
    assert min(longest_queue(static), longest_queue(dynamic)) > 20


def test_chat_only_continuous_keeps_up():
    static, dynamic, continuous = runs("chat")
    for run in (static, dynamic):
        assert held_share(run) > 0.4
        assert longest_queue(run) > 25
    assert longest_queue(continuous) <= 6


def test_code_completion_nobody_waits_long_in_continuous():
    static, dynamic, continuous = runs("code-completion")
    assert waits(continuous).max() <= 50 * MILLISECOND
    sizes = np.unique(dynamic.start_time, return_counts=True)[1]
    assert (sizes <= 4).mean() > 0.4
    assert set(np.unique(static.start_time, return_counts=True)[1]) == {8}


def test_rag_continuous_answers_soonest_and_writes_half_as_fast():
    static, dynamic, continuous = runs("rag")
    assert latencies(continuous).mean() < min(latencies(static).mean(), latencies(dynamic).mean())
    per_token = [
        ((run.finish_time - run.first_token_time) / (run.requests.output_tokens - 1)).mean()
        for run in (static, dynamic, continuous)
    ]
    assert per_token[2] > 1.9 * max(per_token[:2])


def test_equal_lengths_leave_nothing_to_hand_on():
    static, dynamic, continuous = runs("equal-lengths")
    assert held_share(static) == held_share(dynamic) == 0
    ends = continuous.end_time.tolist()
    assert static.end_time.tolist() == dynamic.end_time.tolist() == ends


def test_bursty_r0_waits_on_an_idle_server_in_static():
    static, dynamic, continuous = runs("bursty")
    assert round(int(waits(static)[0]) / SECOND, 1) == 9.8
    assert static.start_time.min() == static.start_time[0]
    assert waits(dynamic)[0] == 500 * MILLISECOND
    assert longest_queue(continuous) < min(longest_queue(static), longest_queue(dynamic))


def test_summarize_burst_makes_static_and_dynamic_the_same():
    static, dynamic, continuous = runs("summarize-burst")
    assert static.end_time.tolist() == dynamic.end_time.tolist()
    assert round((static.finished - continuous.finished) / SECOND) == 4
    token_time = [(run.finish_time - run.first_token_time).sum() for run in (static, continuous)]
    assert token_time[1] > token_time[0]


def test_overload_makes_late_requests_wait_longest_in_every_strategy():
    for run in runs("overload"):
        fifths = [part.mean() for part in np.array_split(waits(run), 5)]
        assert all(early < late for early, late in pairwise(fifths))
    static, dynamic, continuous = runs("overload")
    assert continuous.total_time < min(static.total_time, dynamic.total_time)
    assert longest_queue(continuous) < min(longest_queue(static), longest_queue(dynamic))


def test_notebook_load_waits_little_at_low_load_and_most_of_the_time_at_high_load():
    found = sweep(load_workload("notebook-load"), "load")
    assert found.values[0] == 1.25
    lowest = found.row(1.25)
    assert round(lowest["continuous"].metric("avg_wait"), 3) == 0.038
    assert round(lowest["static"].metric("avg_wait"), 1) == 1.4
    for point in found.points:
        if point.value >= 5:
            assert point.metric("avg_wait") > 0.5 * point.metric("avg_latency")


def test_notebook_batch_size_brings_less_for_each_further_slot():
    one, _, _, eight, sixteen = sweep(load_workload("notebook-batch-size"), "batch-size").curve(
        "continuous"
    )
    assert round(sixteen.metric("throughput") / one.metric("throughput"), 1) == 3.8
    assert round(sixteen.metric("throughput") / eight.metric("throughput"), 2) == 1.14
    assert [round(point.metric("avg_latency"), 1) for point in (one, sixteen)] == [14.6, 3.9]


def test_notebook_large_offers_over_twice_what_any_strategy_serves():
    workload = load_workload("notebook-large")
    static, dynamic, continuous = runs("notebook-large")
    assert round(workload.source.rate or 0, 1) == 6.7
    assert max(sweep(workload, "load").saturation.values()) < 6.7 / 2
    last = workload.requests.arrival_time[-1]
    for run in (static, dynamic, continuous):
        assert longest_queue(run) > 60
        assert run.finished > 2 * last
    assert round((static.finished - continuous.finished) / SECOND) == 6
    assert round((dynamic.finished - continuous.finished) / SECOND) == 8
    assert (dynamic.start_time == dynamic.start_time[0]).sum() == 2


@pytest.mark.parametrize("name", ENGINES)
async def test_each_of_engines_plays(name: str):
    count = len(load_workload(name).requests)
    async with on_stage(load_workload(name), (120, 36)) as stage:
        await stage.press("right", "right", "end")
        assert re.search(rf"of {count} [\s\S]* {count} .*│ +0 ", stage.seen())
        await stage.press("2")
        assert not stage.notices


def longest_gap(run: Run, rows: slice = slice(None)) -> int:
    """The longest time between two tokens of one request, in whole milliseconds."""
    gaps = [gap for block in token_gaps_by_request(run) for gap in block][rows]
    return round(max(int(gap.max()) for gap in gaps) / MILLISECOND)


def mean_first_token(run: Run, rows: slice | BoolArray = slice(None)) -> float:
    """From arrival, in milliseconds."""
    times = run.first_token_time - run.requests.arrival_time
    return float(times[rows].mean()) / MILLISECOND


def recomputed(run: Run) -> int:
    return int(run.chunks.tokens.sum() - run.requests.input_tokens.sum())


def chunks_of(run: Run, row: int) -> list[int]:
    return run.chunks.tokens[run.stays.request[run.chunks.stay] == row].tolist()


def test_long_prompt_comes_while_four_decode_and_a_short_one_behind_it():
    requests = load_workload("long-prompt").requests
    assert requests.input_tokens.tolist() == [50, 50, 50, 50, 2000, 60]
    later = requests.arrival_time.tolist()[4:]
    assert later == [100 * MILLISECOND, 110 * MILLISECOND]
    for run in runs("long-prompt"):
        moment = run.at(later[0])
        there = moment.occupants[moment.occupants >= 0]
        assert sorted(there) == [0, 1, 2, 3]
        assert (moment.tokens_made(there) >= 5).all()


def test_long_prompt_in_one_piece_stops_the_four_for_over_a_hundred_milliseconds():
    found = runs_by_name("long-prompt")
    whole = [found[name] for name in ("orca", "tgi", "continuous")]
    assert [chunks_of(run, 4) for run in whole] == [[2000]] * 3
    assert [longest_gap(run, slice(4)) for run in whole] == [108, 116, 128]


def test_long_prompt_in_chunks_beside_the_four_stops_nobody():
    found = runs_by_name("long-prompt")
    for name in ("vllm", "fastgen"):
        run = found[name]
        assert len(chunks_of(run, 4)) >= 3
        assert longest_gap(run, slice(4)) <= 47
        decoding = run.spans.decoding[run.chunks.span[run.stays.request[run.chunks.stay] == 4]]
        assert decoding.all()


def test_long_prompt_in_chunks_that_let_nobody_decode_stops_the_four_longest():
    found = runs_by_name("long-prompt")
    sglang = found.pop("sglang")
    assert len(chunks_of(sglang, 4)) >= 3
    spans = sglang.spans
    during = (spans.start >= sglang.start_time[4]) & (spans.end <= sglang.first_token_time[4])
    assert not spans.decoding[during].any()
    assert longest_gap(sglang, slice(4)) == 152
    assert all(longest_gap(run, slice(4)) < 152 for run in found.values())


def test_tight_memory_evicts_from_all_but_orca():
    found = runs_by_name("tight-memory")
    assert load_workload("tight-memory").cost.kv_cache_tokens == 800
    assert {name: most_at_once(run) for name, run in found.items()} == {
        "orca": 6,
        "tensorrt-llm": 7,
        "vllm-v0": 7,
        "vllm": 7,
    }
    evictions = {name: int(run.evictions.sum()) for name, run in found.items()}
    assert evictions == {"orca": 0, "tensorrt-llm": 5, "vllm-v0": 19, "vllm": 5}
    for name in ("tensorrt-llm", "vllm"):
        assert 0.24 < (found["orca"].finished - found[name].finished) / SECOND < 0.28


def test_tight_memory_lets_vllm_v0_evict_the_same_ones_again():
    run = runs_by_name("tight-memory")["vllm-v0"]
    assert recomputed(run) - run.evictions.sum() > 3200
    assert run.evictions.max() > 2
    waited = run.stays.request[run.evicted_stays]
    returned = run.back[run.evicted_stays]
    for stay, row, back in zip(run.evicted_stays, waited, returned, strict=True):
        gone = run.stays.end_time[stay]
        new = (run.start_time >= gone) & (run.start_time < back) & (np.arange(len(run)) > row)
        assert not new.any(), "somebody who never ran came before one who was evicted"


def test_asks_too_much_leaves_reserved_memory_empty():
    found = runs_by_name("asks-too-much")
    requests = load_workload("asks-too-much").requests
    assert set(requests.max_tokens) == {512}
    assert (requests.output_tokens.min(), requests.output_tokens.max()) == (10, 75)
    for name in ("orca", "tgi", "tensorrt-llm"):
        run = found[name]
        assert most_at_once(run) == 6
        assert peak_tokens_held(run).tokens < 4000 / 3
        assert mean_first_token(run) >= 400
    assert most_at_once(found["vllm"]) == 16
    assert round(mean_first_token(found["vllm"])) == 32
    assert 6 < most_at_once(found["sglang"]) < 16
    assert 32 < mean_first_token(found["sglang"]) < 400
    assert not any(run.evictions.any() for run in found.values())


def test_asks_too_much_asks_for_nothing_that_paging_notices():
    workload = load_workload("asks-too-much")
    exact = apply_settings(workload, ["workload.max_tokens=exact"])
    vllm = workload.strategy("vllm")
    assert (
        simulate(exact, vllm).end_time.tolist()
        == runs_by_name("asks-too-much")["vllm"].end_time.tolist()
    )
    orca = simulate(exact, workload.strategy("orca"))
    assert mean_first_token(orca) < mean_first_token(runs_by_name("asks-too-much")["orca"]) / 2


def test_rule_by_rule_paging_lets_more_in_and_chunks_keep_the_gaps_short():
    found = runs_by_name("rule-by-rule")
    assert [most_at_once(run) for run in found.values()] == [6, 8, 8]
    told = [metrics(run) for run in found.values()]
    first = [round(1000 * float(each["mean_ttft"] or 0)) for each in told]
    gaps = [round(1000 * float(each["p99_itl"] or 0)) for each in told]
    assert (first, gaps) == ([1474, 624, 730], [239, 385, 139])


def hit_rate(run: Run) -> float:
    """The prompt tokens that are found, of all, in percent."""
    return round(100 * float(metrics(run)["prefix_hit_rate"] or 0))


def without_cache(name: str) -> Run:
    """What vLLM makes of a workload when it finds nothing."""
    workload = apply_settings(load_workload(name), ["vllm.enable_prefix_caching=false"])
    return simulate(workload, workload.strategy("vllm"))


def test_a_system_prompt_is_computed_once_by_vllm_alone():
    found = runs_by_name("system-prompt")
    requests = load_workload("system-prompt").requests
    assert len(requests) == 80
    assert set(requests.stream_tokens) == {1500}
    assert hit_rate(found["vllm"]) == 95
    first = {name: round(mean_first_token(run)) for name, run in found.items()}
    assert first == {"vllm": 27, "vllm-v0": 246, "fastgen": 298}
    assert mean_first_token(without_cache("system-prompt")) > 300
    peaks = {name: metrics(run)["peak_kv"] for name, run in found.items()}
    assert 0.09 < peaks["vllm"] < 0.11
    assert min(peaks["vllm-v0"], peaks["fastgen"]) > 0.99


def test_in_a_conversation_the_history_is_found_however_long_it_is():
    found = runs_by_name("conversation")
    requests = load_workload("conversation").requests
    talks = np.unique(requests.stream, return_counts=True)[1]
    assert (len(talks), talks.max()) == (24, 16)
    assert hit_rate(found["vllm"]) == 87
    long, short = requests.input_tokens > 1500, requests.input_tokens < 600
    assert min(long.sum(), short.sum()) > 35
    first = {
        name: [round(mean_first_token(run, rows)) for rows in (short, long)]
        for name, run in found.items()
    }
    assert first == {"vllm": [28, 29], "vllm-v0": [49, 172]}


def test_a_cache_with_room_for_five_of_six_finds_nothing():
    (run,) = runs("cache-thrash")
    assert set(run.requests.stream_tokens) == {960}
    assert run.requests.stream.tolist() == [*range(6)] * 8
    assert 5 * 976 < 5000 < 6 * 960
    assert hit_rate(run) == 0
    assert round(mean_first_token(run)) == 77
    assert run.end_time.tolist() == without_cache("cache-thrash").end_time.tolist()
    larger = apply_settings(load_workload("cache-thrash"), ["cost.kv_cache_tokens=6000"])
    ample = simulate(larger, larger.strategy("vllm"))
    assert (hit_rate(ample), round(mean_first_token(ample))) == (86, 28)


def test_engines_that_reserve_keep_a_chat_waiting():
    found = runs_by_name("engines")
    requests = load_workload("engines").requests
    assert set(requests.max_tokens) == {1024}
    assert round(float(requests.output_tokens.mean())) == 223
    assert len(found) == 7
    for name in ("orca", "tgi", "tensorrt-llm"):
        run = found.pop(name)
        assert most_at_once(run) == 30
        assert mean_first_token(run) > 2000
    for run in found.values():
        assert mean_first_token(run) < 140


def test_engines_that_do_not_reserve_differ_in_the_longest_gap():
    found = {name: longest_gap(run) for name, run in runs_by_name("engines").items()}
    assert (found["fastgen"], found["vllm"]) == (94, 217)
    assert min(found["sglang"], found["vllm-v0"]) > 500


@pytest.mark.parametrize(
    ("longest", "batch_size", "mean"), [(32, 16, 16), (128, 12, 54), (512, 8, 119), (1536, 4, 128)]
)
def test_the_study_is_set_up_as_published(longest: int, batch_size: int, mean: int):
    """The mean is that of an exponential distribution with mean 128, cut off by rejection."""
    workload = load_workload(f"anyscale-{longest}")
    requests = workload.requests
    assert len(requests) == 1000
    assert not requests.arrival_time.any()
    assert (requests.input_tokens == 512).all()
    assert 1 <= requests.output_tokens.min() <= requests.output_tokens.max() <= longest
    assert requests.output_tokens.mean() == pytest.approx(mean, rel=0.1)
    assert workload.strategies[:2] == (Static(batch_size, "workload"), Dynamic(batch_size))


@pytest.mark.parametrize("name", STUDY)
def test_in_the_study_continuous_has_the_most_slots_that_fit(name: str):
    workload = load_workload(name)
    slots, room = workload.strategies[2].batch_size, workload.cost.kv_cache_tokens
    fits, exceeds = (simulate(workload, Continuous(size)) for size in (slots, slots + 1))
    assert room is not None
    assert peak_tokens_held(fits).tokens <= room < peak_tokens_held(exceeds).tokens


def test_in_the_study_dynamic_is_static_without_padding():
    workload = load_workload("anyscale-512")
    padded, own, _ = runs("anyscale-512")
    static = simulate(workload, Static(8))
    assert static.end_time.tolist() == own.end_time.tolist()
    assert padded.finished > 1.5 * own.finished


def test_an_installed_package_is_searched_before_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "tui_batching"
    (tmp_path / "workloads").mkdir()
    package.mkdir()
    monkeypatch.setattr(files.resources, "files", lambda name: package)
    assert data_folder("workloads") == tmp_path / "workloads"
    (package / "workloads").mkdir()
    assert data_folder("workloads") == package / "workloads"
    with pytest.raises(InputError, match="the bundled themes are missing"):
        data_folder("themes")
