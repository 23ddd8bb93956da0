"""Values in the texts of decks: the figures of what is on stage, worded as everywhere else."""

from __future__ import annotations

from functools import cache

import pytest

from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import METRIC_TABLE, format_value
from tui_batching.clock import format_duration
from tui_batching.errors import InputError
from tui_batching.tour.values import check_values, missing_values, told
from tui_batching.workload import apply_settings, load_workload

KEYS = {"page": "pgdn", "timeout-shorter": "{"}
"""The keys of an app, one of which is a brace."""


@cache
def served(workload: str = "notebook", *settings: str) -> Comparison:
    return compare(apply_settings(load_workload(workload), settings))


@pytest.mark.parametrize("metric", METRIC_TABLE, ids=lambda metric: metric.name)
def test_every_metric_is_told_as_tables_tell_it(metric) -> None:
    found = format_value(metric, served()["static"].metrics[metric.name])
    assert told(f"It is {{static.{metric.name}}}.", served(), KEYS) == f"It is {found}."


@pytest.mark.parametrize(
    ("spelled", "name"),
    [("mean_latency", "avg_latency"), ("mean_wait", "avg_wait"), ("avg_ttft", "mean_ttft")],
)
def test_a_mean_goes_by_either_word(spelled: str, name: str) -> None:
    check_values(f"{{static.{spelled}}}", served().workload, KEYS)
    assert told(f"{{static.{spelled}}}", served(), KEYS) == told(
        f"{{static.{name}}}", served(), KEYS
    )


def test_a_mean_that_is_misspelled_is_taken_for_no_other_metric() -> None:
    with pytest.raises(InputError, match=r"did you mean 'mean_latency', "):
        check_values("{static.mean_latenci}", served().workload, KEYS)


def test_what_became_of_a_request() -> None:
    run = served()["static"].run
    row = run.requests.id.tolist().index(2)
    for name, time in {
        "start_time": run.start_time[row],
        "first_token_time": run.first_token_time[row],
        "finish_time": run.finish_time[row],
        "end_time": run.end_time[row],
        "wait": run.start_time[row] - run.requests.arrival_time[row],
        "ttft": run.first_token_time[row] - run.requests.arrival_time[row],
        "latency": run.end_time[row] - run.requests.arrival_time[row],
        "held": run.end_time[row] - run.finish_time[row],
    }.items():
        assert told(f"{{static.R2.{name}}}", served(), KEYS) == format_duration(int(time)), name


def test_every_part_of_a_latency_can_be_told() -> None:
    for part in PARTS:
        check_values(f"{{continuous.R2.{part}}}", served().workload, KEYS)
        assert "{" not in told(f"{{continuous.R2.{part}}}", served(), KEYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{R2.output_tokens} of {R2.input_tokens}", "11 of 40"),
        ("{workload.requests} ask", "20 ask"),
        ("{static.batch_size} at a time, {dynamic.timeout}", "4 at a time, 500 ms"),
        ("{dynamic.timeout_from}", "server free"),
        ("{cost.decode_step}, {cost.kv_cache_tokens}", "20.0 ms, none"),
        ("{ static.total_tokens/continuous.total_tokens }", "1.00"),
        ("nothing", "nothing"),
    ],
)
def test_what_is_on_stage_can_be_told(text: str, expected: str) -> None:
    check_values(text, served().workload, KEYS)
    requests = served().workload.requests
    row = requests.id.tolist().index(2)
    expected = expected.replace("40", str(requests.input_tokens[row]))
    assert told(text, served(), KEYS) == expected


def test_a_ratio_is_that_of_the_values_and_not_of_their_wordings() -> None:
    fast, slow = (served()[name].metrics["throughput"] for name in ("continuous", "static"))
    text = "{continuous.throughput / static.throughput} times"
    assert told(text, served(), KEYS) == f"{fast / slow:.3g} times"


def test_values_follow_what_is_on_stage() -> None:
    text = "{static.p99_latency} with {static.batch_size}"
    assert told(text, None, KEYS) == "… with …"
    assert told(text, served("notebook", "batch_size=8"), KEYS).endswith(" with 8")
    assert told(text, served(), KEYS) != told(text, served("notebook", "batch_size=8"), KEYS)


def test_what_another_workload_does_not_have_is_a_dash() -> None:
    text = "{static.R15.latency}, {vllm.p99_latency}, {continuous.total_tokens}"
    assert told(text, served("illustrative"), KEYS) == "–, –, 185"


def test_values_that_are_not_defined_are_found() -> None:
    text = "{static.evictions}, {static.p99_wait}, {static.peak_kv / static.mean_kv}"
    check_values(text, served().workload, KEYS)
    assert missing_values(text, served()) == [
        "{static.evictions}", "{static.peak_kv / static.mean_kv}"
    ]  # fmt: skip


def test_a_value_of_a_strategy_that_is_not_on_stage_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown value 'vllm\.p99_wait', expected one of static"):
        check_values("{vllm.p99_wait}", served().workload, KEYS)


def test_a_key_is_told_as_the_reader_has_it_also_before_anything_is_on_stage() -> None:
    text = "{ key.page } turns, {key.timeout-shorter} waits {dynamic.timeout}."
    check_values(text, served().workload, KEYS)
    assert told(text, None, KEYS) == "pgdn turns, { waits …."
    assert told(text, served(), KEYS | {"page": "n"}) == "n turns, { waits 500 ms."
    assert missing_values(text, served()) == []


@pytest.mark.parametrize("value", ["key.pgae", "key", "key.", "key.page / key.page"])
def test_a_key_that_there_is_not_is_refused(value: str) -> None:
    with pytest.raises(InputError, match=f"found the unknown value '{value}', expected"):
        check_values(f"{{{value}}}", served().workload, KEYS)
