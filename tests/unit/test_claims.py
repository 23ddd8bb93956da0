"""What is said of the strategies: each verdict against the numbers it rests on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from stage import hand_made, on_stage, palette, texts
from workloads_for_laws import workloads

from tui_batching.analysis.claims import CLEARLY, Claim, claims
from tui_batching.analysis.claims.textbook import held, stalls, throughput, timeout
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.charts.learn import SOURCES, learn_rows
from tui_batching.charts.pen import Pen
from tui_batching.charts.rows import wrapped
from tui_batching.cost import LinearCost
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import load_workload

ORDER = ("throughput", "wait", "held", "stalls", "tail", "occupied", "goodput", "timeout")

RAG_READ_TOGETHER = replace(load_workload("rag"), cost=LinearCost(prefill_per_token=300_000_000))
"""The workload `rag` at a cost by which a batch's prompts take no longer than the longest."""


def verdicts(name: str) -> dict[str, Claim]:
    return dict(zip(ORDER, claims(compare(load_workload(name))), strict=True))


def failing(name: str) -> set[str]:
    return {key for key, claim in verdicts(name).items() if not claim.holds}


def test_all_of_it_holds_where_slots_are_scarce_and_answers_diverse():
    assert failing("notebook") == failing("chat") == failing("overload") == set()


def test_where_prompts_are_long_continuous_pays_by_the_token():
    assert failing("rag") == {"throughput", "occupied"}
    detail = verdicts("rag")["stalls"].detail
    assert detail.endswith("time per output token 51.2 ms against 26.0 ms")


def test_it_is_told_where_static_stalls_as_much_but_before_its_first_tokens():
    """A short prompt waits for the long one of its batch, or else stops for it."""
    both = (Static(2), Continuous(2))
    comparison = compare(hand_made((0, 2, 9), (30, 100, 9), strategies=both))
    claim = stalls(comparison, comparison["continuous"])
    assert claim is not None
    assert claim.holds
    assert "static stalls before its first tokens, for the prompts of its batch" in claim.detail


def test_prompts_that_are_read_in_the_time_of_the_longest_turn_the_tables_and_it_is_told_why():
    found = dict(zip(ORDER, claims(compare(RAG_READ_TOGETHER)), strict=True))
    assert {key for key in ORDER if not found[key].holds} == {
        "throughput", "tail", "occupied", "goodput"
    }  # fmt: skip
    assert "1.00x the throughput of static" in found["throughput"].detail
    assert "the load is light" in found["throughput"].detail
    for key in ("tail", "goodput"):
        assert "with dynamic: prefills one by one stall the others for 871 ms" in found[key].detail
    assert "static takes more slot time for the same tokens" in found["occupied"].detail


def test_at_a_light_load_there_is_no_throughput_to_gain():
    assert failing("code-completion") == {"throughput", "occupied"}


def test_where_all_arrive_at_once_no_wait_is_spared():
    assert failing("summarize-burst") == {"wait", "timeout"}


def test_a_claim_tells_the_numbers_it_rests_on():
    comparison = compare(load_workload("notebook"))
    found = dict(zip(ORDER, claims(comparison), strict=True))
    told = {
        "throughput": ("throughput", "static", "continuous"),
        "wait": ("p99_wait", "static", "continuous"),
        "stalls": ("mean_stalled", "static", "continuous"),
        "tail": ("p99_latency", "dynamic", "continuous"),
        "goodput": ("goodput", "dynamic", "continuous"),
        "timeout": ("mean_forming", "static", "dynamic"),
    }
    for key, (metric, *names) in told.items():
        for name in names:
            value = format_value(METRICS_BY_NAME[metric], comparison[name].metrics[metric])
            assert value in found[key].detail, (key, name)
    assert found["throughput"].detail.startswith("1.19x the throughput of static")


@given(workloads())
def test_verdicts_follow_the_metrics_on_any_workload(workload):
    comparison = compare(workload)
    static, dynamic, continuous = comparison.results
    assert len(claims(comparison)) == 7
    values = static.metrics, continuous.metrics
    faster = values[1]["throughput"] > (1 + CLEARLY) * values[0]["throughput"]
    assert throughput(comparison, continuous).holds is faster
    assert held(comparison, continuous).holds is bool(
        (static.run.finish_time < static.run.end_time).any()
    )
    costs = [
        (values[0][name] or 0) < (1 - CLEARLY) * (values[1][name] or 0)
        for name in ("mean_stalled", "mean_tpot")
    ]
    assert stalls(comparison, continuous).holds is any(costs)
    spared = dynamic.metrics["mean_forming"] < (1 - CLEARLY) * static.metrics["mean_forming"]
    assert timeout(comparison, dynamic).holds is spared
    for claim in claims(comparison):
        assert claim.text.endswith(".")
        assert "nan" not in claim.detail
        assert claim.holds or len(claim.detail) > 20


def test_only_strategies_that_are_there_are_judged():
    def found(*strategies: Static | Dynamic | Continuous) -> int:
        return len(claims(compare(hand_made((0, 5, 3), (1, 5, 1), strategies=strategies))))

    assert found(Static(2)) == found(Continuous(2)) == 0
    assert found(Static(2), Dynamic(2)) == 1
    assert found(Dynamic(2), Continuous(2)) == 2
    assert found(Static(2), Continuous(2)) == 6
    assert found(Static(2), Dynamic(2), Continuous(2)) == 7


# The view.


def lesson(comparison: Comparison, width: int) -> list[str]:
    rows = texts(learn_rows(comparison, Pen(width, palette())))
    assert {len(row) for row in rows} == {width}
    return rows


@pytest.mark.parametrize("width", [60, 80, 120, 160, 220])
def test_the_lesson_tells_everything_at_every_width(width: int):
    comparison = compare(RAG_READ_TOGETHER)
    words = " ".join(" ".join(lesson(comparison, width)).split())
    assert "4 of 8 hold on rag, 60 requests" in words
    assert words.count("✓") == words.count("✗") == words.count("not here: ") == 4
    for name, _ in SOURCES:
        assert name in words
    for result in comparison:
        assert result.strategy.name in words
    for server in ("Triton", "TF", "TorchServe", "Ray", "vLLM", "TGI", "TensorRT-LLM", "SGLang"):
        assert server in words
    for setting in (
        "max_queue_delay_microseconds",
        "batch_timeout_micros",
        "maxBatchDelay",
        "batch_wait_timeout_s",
    ):
        assert setting in words
    for metric in ("useful", "held", "stalled", "p99_latency", "throughput"):
        for value in comparison.values(METRICS_BY_NAME[metric]):
            assert format_value(METRICS_BY_NAME[metric], value) in words


def test_a_lesson_of_one_strategy_judges_nothing():
    alone = hand_made((0, 5, 3), strategies=[Static(2)])
    words = " ".join(lesson(compare(alone), 80))
    assert "it takes two to compare" in words
    assert "dynamic" not in words.partition("What is said")[0]


async def test_the_claims_are_checked_again_when_a_parameter_changes():
    async with on_stage(replace(load_workload("notebook"), slo=None), (160, 45), view="0") as stage:
        assert "7 of 7 hold" in stage.seen()
        assert "1.19x the throughput" in stage.seen()
        await stage.press(*["left_square_bracket"] * 3)
        assert "STATIC" not in stage.seen()
        assert "7 of 7 hold" not in stage.seen()
        assert "1.00x the throughput" in stage.seen()


def test_numbers_stay_with_their_units_where_lines_break():
    text = "it takes 12 s or 34 ms of 56 % so it is"
    for width in range(5, 40):
        lines = wrapped(text, width)
        assert " ".join(lines) == text
        assert not any(re.match("(s|ms|%)( |$)", line) for line in lines)
