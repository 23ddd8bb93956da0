"""Where more comes than is served, that is told beside the waits which it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_batching import compare, load_workload, simulate, workload_of
from tui_batching.__main__ import main
from tui_batching.analysis.saturated import saturated, waiting_at_last

WORKLOAD = load_workload("notebook").with_settings({"workload.count": 400, "batch_size": 4})


def test_it_is_told_of_who_cannot_serve_what_comes() -> None:
    """At three a second those with more slots keep up."""
    loads = WORKLOAD.with_settings({"workload.rate": 3, "continuous.batch_size": 16})
    found = compare(loads, ["static", "continuous"])
    (told,) = saturated(result.run for result in found)
    static = found["static"].run
    table = static.table()
    waiting = (table["first_token_time"] > table["arrival_time"].max()).sum()
    assert told.startswith(f"static is saturated: {waiting_at_last(static)} of 400 requests wait")
    assert waiting_at_last(static) == waiting - 1, "the last one itself does not count"


def test_it_is_not_told_of_a_burst_or_of_few() -> None:
    at_once = workload_of([0.0] * 400, [10] * 400, [10] * 400)
    few = WORKLOAD.with_settings({"workload.count": 40, "workload.rate": 100})
    assert saturated([simulate(at_once, "static"), simulate(few, "static")]) == ()


@pytest.mark.parametrize(
    "command", ["compare", "compare --breakdown p99-ttft", "slowest", "report -o -"]
)
def test_every_command_that_tells_waits_says_so(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--strategy", "vllm", "--set", "workload.rate=40", "workload.count=400"]
    assert main([*command.split(), "engines", *settings]) == 0
    assert capsys.readouterr().out.count("vllm is saturated: ") == 1


@pytest.mark.parametrize(
    "command",
    ["compare", "slowest", "sweep load", "sweep kv_cache_tokens", "capacity --slo ttft=9s"],
)
def test_every_command_warns_of_contexts_beyond_the_profile(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{second},{500 + 9000 * (second == 5)},10" for second in range(300)]
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join(["arrival_time,input_tokens,output_tokens", *rows]) + "\n")
    settings = ["--strategy", "vllm", "--set", "cost=h100-llama-3-8b"]
    assert main([*command.split(), str(trace), *settings]) == 0
    told = "h100-llama-3-8b holds for contexts of 128 to 8,192 tokens; those of 1 of 300 requests"
    assert capsys.readouterr().err.count(told) == 1
