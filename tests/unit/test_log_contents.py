"""What requests of a log share is told by a trace of the same requests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from measured_logs import write_vllm_log
from oracle import SHARED
from workload_texts import recipe

from tui_batching.__main__ import main
from tui_batching.clock import MICROSECOND, MILLISECOND, NANOSECOND
from tui_batching.cost import IterationCost
from tui_batching.errors import InputError
from tui_batching.measured.calibration import Calibration, calibrate
from tui_batching.measured.server import META
from tui_batching.strategies import Vllm
from tui_batching.workload.traces import write_trace

COST = IterationCost(8 * MILLISECOND, 50 * MICROSECOND, 100 * NANOSECOND)
SETTINGS = {"max_num_seqs": 32, "kv_cache_tokens": 20_000}
SHAREGPT = Path(__file__).parent.parent / "sharegpt-300.jsonl.gz"
"""Lengths of the 300 requests of both logs, and what they share, without a word of them.

Made of `workloads/sharegpt-llama-3.1-8b-300-sps10.jsonl` in `casys-kaist/LLMServingSim` by
`tui-batching workloads export --format bailian`.
"""
SETTINGS_TEXT = [f"{key}={value}" for key, value in SETTINGS.items()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The log of a server that shares prompts, and what they share."""
    folder = tmp_path_factory.mktemp("log")
    requests = recipe(
        count="200",
        arrivals="{poisson: {rate: 6}}",
        input_tokens="{lognormal: {mean: 200, sigma: 0.8, min: 10, max: 1500}}",
        output_tokens="{lognormal: {mean: 60, sigma: 0.6, max: 300}}",
        prefixes="[{tokens: 640}, {tokens: 320, weight: 2}]",
        turns="{mean: 4, think_time: 3s}",
    ).make_requests()
    log = write_vllm_log(folder / "requests.jsonl", Vllm(**SETTINGS).serve(requests, COST))
    contents = folder / "contents.jsonl"
    with contents.open("w", encoding="utf-8") as out:
        write_trace(requests, out, "bailian")
    return log, contents


@cache
def fitted(log: Path, contents: Path | None = None) -> Calibration:
    """What the log tells, where it is known or not what its requests share."""
    return calibrate(log, settings=SETTINGS, contents=contents)


def largest_error(made: Calibration) -> float:
    return max(abs(each.error) for each in made.fitted)


def test_prices_come_back_where_it_is_known_what_is_shared(files: tuple[Path, Path]) -> None:
    log, contents = files
    blind, told = fitted(log), fitted(log, contents)
    assert largest_error(blind) > 0.05
    assert largest_error(told) < largest_error(blind) / 5
    assert told.fit.log.notices[-1] == "contents.jsonl tells what the prompts share"


def test_what_is_not_known_is_told(files: tuple[Path, Path], tmp_path: Path) -> None:
    log, contents = files
    path = tmp_path / "requests.jsonl"
    path.write_bytes(log.read_bytes())
    (tmp_path / META).write_text(json.dumps({"kv_cache": {"enable_prefix_caching": True}}))
    blind = calibrate(path, settings=SETTINGS)
    told = fitted(log, contents)
    assert any("nothing tells what requests share" in each for each in blind.doubts)
    assert not any("prefix caching" in each for each in told.doubts)


def test_both_commands_take_it(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    log, contents = files
    for command in ("calibrate", "replay"):
        arguments = [command, str(log), "--set", *SETTINGS_TEXT, "--contents", str(contents)]
        assert main(arguments) == 0
        assert "contents.jsonl tells what the prompts share" in capsys.readouterr().out


def test_other_requests_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    log, contents = files
    lines = contents.read_text().splitlines()
    first = json.loads(lines[3])
    path = tmp_path / "other.jsonl"
    path.write_text("\n".join([*lines[:3], *lines[4:]]))
    with pytest.raises(InputError) as error:
        calibrate(log, settings=SETTINGS, contents=path)
    assert str(error.value) == (
        f"{path}: found other requests than those of requests.jsonl, expected in row 3 a prompt of "
        f"{first['input_length']:,} and an answer of {first['output_length']:,} tokens"
    )


def test_requests_without_contents_change_nothing(files: tuple[Path, Path], tmp_path: Path) -> None:
    log, contents = files
    rows = [json.loads(line) for line in contents.read_text().splitlines()]
    path = tmp_path / "plain.jsonl"
    path.write_text("\n".join(json.dumps(row | {"hash_ids": []}) for row in rows))
    blind, told = fitted(log), fitted(log, path)
    assert np.array_equal(told.fit.run.end_time, blind.fit.run.end_time)


def test_a_real_server_whose_memory_is_full_is_predicted() -> None:
    log = SHARED / "serving-logs/vllm-rtx4090-llama-3.1-8b/requests.jsonl"
    if not log.exists():
        pytest.skip("the log is not there")
    blind, told = (calibrate(log, train=0.5, contents=each) for each in (None, SHAREGPT))
    off = [np.mean([abs(each.error) for each in made.rest]) for made in (blind, told)]
    assert off[0] > 0.02
    assert off[1] < 0.01
