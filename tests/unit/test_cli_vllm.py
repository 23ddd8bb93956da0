"""`compare --format vllm` and `compare --strategy`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import complaint, printed_json

from tui_batching.__main__ import main
from tui_batching.workload import load_workload

KEYS = {
    *("duration", "completed", "failed", "total_input_tokens", "total_output_tokens"),
    *("request_throughput", "request_goodput", "output_throughput", "total_token_throughput"),
    *("date", "endpoint_type", "backend", "label", "model_id", "tokenizer_id", "num_prompts"),
    *("request_rate", "burstiness", "max_concurrency", "max_output_tokens_per_s", "rtfx"),
    *("latencies", "queue_times", "errors", "generated_texts"),
    *("max_concurrent_requests", "input_lens", "output_lens", "ttfts", "itls", "start_times"),
    *(
        f"{statistic}_{quantity}_ms"
        for statistic in ("mean", "median", "std", "p99")
        for quantity in ("ttft", "tpot", "itl", "e2el")
    ),
}
"""What a detailed result of `vllm bench serve` has, and scripts that plot it look for."""


def results(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["compare", "--format", "vllm", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_strategy_is_an_object_on_a_line(capsys: pytest.CaptureFixture[str]):
    found = results(capsys, "notebook")
    assert [one["label"] for one in found] == ["static", "dynamic", "continuous"]
    for one in found:
        assert set(one) >= KEYS
        assert (one["backend"], one["failed"], one["completed"]) == ("tui-batching", 0, 20)
        assert [len(gaps) + 1 for gaps in one["itls"]] == one["output_lens"]
        assert (one["date"], one["max_concurrency"], one["model_id"]) == (None, None, None)
        assert (one["queue_times"], one["errors"]) == ([0] * 20, [""] * 20)
        ended = [start + latency for start, latency in zip(*_times(one), strict=True)]
        assert max(ended) == pytest.approx(one["duration"] + min(one["start_times"]))
        assert one["request_rate"] == pytest.approx(load_workload("notebook").source.rate)


def test_what_a_simulation_knows_of_the_rest(capsys: pytest.CaptureFixture[str]):
    setting = ("--set", "cost=h100-llama-3-8b", "--strategy", "static")
    (found,) = results(capsys, "anyscale-32", *setting)
    assert (found["request_rate"], found["model_id"]) == ("inf", "h100-llama-3-8b")


def _times(result: dict[str, Any]) -> tuple[list[float], list[float]]:
    return result["start_times"], result["latencies"]


def test_goodput_needs_limits(capsys: pytest.CaptureFixture[str]):
    (limited,) = results(capsys, "anyscale-32", "--strategy", "static", "--slo", "e2el=1h")
    assert limited["request_goodput"] == limited["request_throughput"]
    (free,) = results(capsys, "anyscale-32", "--strategy", "static")
    assert free["request_goodput"] is None


def test_one_strategy_alone_in_every_format(capsys: pytest.CaptureFixture[str]):
    found = printed_json(capsys, "compare", "--strategy", "dynamic", "--json")
    assert [run["strategy"] for run in found["runs"]] == ["dynamic"]
    assert main(["compare", "--strategy", "dynamic"]) == 0
    assert "continuous" not in capsys.readouterr().out


def test_what_is_no_strategy_is_refused(capsys: pytest.CaptureFixture[str]):
    told = complaint(capsys, "compare", "--strategy", "sgland")
    assert told.startswith("--strategies: found 'sgland', expected one of static, dynamic,")
    assert told.endswith("(did you mean 'sglang'?)")


def test_one_thing_is_printed(capsys: pytest.CaptureFixture[str]):
    told = complaint(capsys, "compare", "--format", "vllm", "--csv", "-")
    assert told == "found --format vllm and --csv -, expected only one of them on stdout"
    assert "not allowed with" in complaint(capsys, "compare", "--format", "vllm", "--json")
