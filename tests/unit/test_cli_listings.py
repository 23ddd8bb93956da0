"""What there is, as the program lists it: strategies, profiles, formats of traces."""

from __future__ import annotations

import re

import pytest

from tui_batching.__main__ import main
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import bundled_profiles
from tui_batching.workload.service_level import LIMITED
from tui_batching.workload.settings import keys_beside_strategies
from tui_batching.workload.traces import FORMATS, TraceOptions


def listed(capsys: pytest.CaptureFixture[str], command: str) -> str:
    assert main([command]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_every_setting_of_every_strategy_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = listed(capsys, "strategies").split("\n\n")
    for name, block in zip(STRATEGIES, blocks, strict=False):
        heading, *rows = block.splitlines()
        assert heading.startswith(f"{name}: ")
        settings = [row.split()[0] for row in rows]
        assert settings == [each.name for each in STRATEGIES[name].about.parameters]
        for row in rows:
            assert re.fullmatch(r"  \w+  +[`\w].+ \(default: \S+\)", row), row


def test_defaults_and_what_may_stand_there_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    out = listed(capsys, "strategies")
    assert re.search(r"max_num_seqs +the most .*; also batch_size \(default: 256\)", out)
    assert "how long a batch may form (default: 500ms)" in out
    assert re.search(r"context_chunking_policy .*: first_come_first_served, equal_progress", out)


def test_profiles_tell_where_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    out = listed(capsys, "profiles")
    assert re.findall(r"^(\S+): ", out, re.MULTILINE) == list(bundled_profiles())
    assert "batches of 1–48, contexts of 262–4,765 tokens" in out
    assert "5.5 % on average, 47 % at most" in out
    assert "41,408 tokens" in out


def test_formats_and_keys_of_traces_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    formats, keys = listed(capsys, "formats").split("\n\n")
    assert [row.split()[0] for row in formats.splitlines()[1:]] == list(FORMATS)
    rows = [row.split(maxsplit=1) for row in keys.splitlines()[1:]]
    assert [key for key, _ in rows] == list(TraceOptions.constraints)


def test_every_other_setting_is_told_by_one_of_the_listings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {"cost", "slo", *(f"slo.{key}" for key in LIMITED)}  # beside --slo
    recipe = listed(capsys, "workloads").split("\n\n")[-1]
    told |= {f"workload.{key}" for key in re.findall(r"^(\w+) \*", recipe, re.MULTILINE)}
    for command, owner, place in (("formats", "workload", 0), ("profiles", "cost", 1)):
        rows = listed(capsys, command).split("\n\n")[-1].splitlines()[1:]
        assert all(len(row.split()) > place + 1 for row in rows)
        told |= {f"{owner}.{row.split()[place]}" for row in rows}
    assert told == {*keys_beside_strategies()}


@pytest.mark.parametrize("command", ["workloads", "strategies", "profiles", "formats"])
def test_ascii_is_enough(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--ascii"]) == 0
    assert capsys.readouterr().out.isascii()
