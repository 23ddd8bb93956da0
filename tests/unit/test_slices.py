"""Where the time of the slowest went: on the command line, on screen, in files and the report."""

from __future__ import annotations

import csv
import io
import re
from math import ceil

import numpy as np
import pytest
from command_line import printed_json
from stage import hand_made, on_stage, scene_of

from tui_batching import compare, load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.breakdown import MEANINGS, PARTS
from tui_batching.analysis.request_columns import request_columns
from tui_batching.analysis.slices import MEAN, SLICES, Slice, slice_parts
from tui_batching.analysis.tables import slice_group
from tui_batching.clock import SECOND
from tui_batching.export.report import Report, write
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous

EACH_SLICE = pytest.mark.parametrize("wanted", SLICES.values(), ids=lambda each: each.name)
COMPARISONS = [compare(load_workload(name)) for name in ("chat", "tight-memory")]
RUNS = [result.run for comparison in COMPARISONS for result in comparison]


def test_the_names() -> None:
    slowest = [f"{share}-{name}" for name in ("ttft", "tpot", "e2el") for share in ("p99", "p95")]
    assert list(SLICES) == ["mean", *slowest]
    assert set(MEANINGS) == set(PARTS)


def slowest(run: Run, wanted: Slice) -> np.ndarray:
    """What is measured of the slowest, in seconds, counted anew."""
    values = request_columns(run)[wanted.measure.name]
    known = np.sort(values[~np.isnan(values)])[::-1]
    return known[: ceil(len(known) * wanted.percent / 100)] / SECOND


@EACH_SLICE
def test_the_parts_sum_to_the_mean_of_the_slowest(wanted: Slice) -> None:
    for run in RUNS:
        found, expected = slice_parts(run, wanted), slowest(run, wanted)
        assert found.requests == len(expected)
        assert found.whole == pytest.approx(expected.mean(), rel=1e-12)
        assert sum(found.parts.values()) == pytest.approx(found.whole, rel=1e-12)
        assert min(found.parts.values()) >= 0
        assert sum(found.percents.values()) == 100
        for name, percent in found.percents.items():
            assert abs(percent - 100 * found.parts[name] / found.whole) < 1


def test_all_of_them_are_where_the_mean_latency_went() -> None:
    for comparison in COMPARISONS:
        for result in comparison:
            found = slice_parts(result.run, MEAN)
            assert found.whole == result.metrics["avg_latency"]
            for name in PARTS:
                assert found.parts[name] == result.metrics[f"mean_{name}"]


def test_the_table_has_the_parts_that_there_are() -> None:
    for comparison in COMPARISONS:
        for wanted in SLICES.values():
            *rows, whole = slice_group(comparison, wanted).rows
            found = [result.slice_parts(wanted).parts for result in comparison]
            there = [name for name in PARTS if any(parts[name] for parts in found)]
            assert [row.label for row in rows] == there
            assert whole.label == wanted.measure.label


def test_where_no_answer_has_two_tokens_nothing_is_told_of_tpot() -> None:
    workload = hand_made((0, 5, 1), (3, 5, 1), strategies=[Continuous(1)])
    found = slice_parts(simulate(workload, Continuous(1)), SLICES["p99-tpot"])
    assert (found.requests, found.whole, sum(found.percents.values())) == (0, 0.0, 0)


def test_the_command_line_tells_parts_and_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "chat", "--breakdown", "p99-ttft, mean", "--strategy", "static"]) == 0
    out = capsys.readouterr().out
    assert "Where the time went (slowest 1 % by TTFT)" in out
    assert "tokens per second" not in out
    (run,) = [each for each in RUNS if each.strategy.name == "static"]
    texts = out.split("Where the time")[1:3]
    for wanted, text in zip((SLICES["p99-ttft"], MEAN), texts, strict=True):
        found = slice_parts(run, wanted)
        shares = dict(re.findall(r"^  (\w+) .* (\d+%)", text, re.MULTILINE))
        assert shares == {n: f"{found.percents[n]}%" for n in PARTS if found.parts[n]}


def test_json_and_csv_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["compare", "chat", "--breakdown", "p99-ttft,p95-tpot"]
    runs = printed_json(capsys, *asked, "--json")["runs"]
    assert main([*asked, "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["strategy"], row["slice"]) for row in rows] == [
        (run["strategy"], name) for run in runs for name in ("p99-ttft", "p95-tpot")
    ]
    for row in rows:
        (run,) = [run for run in runs if run["strategy"] == row["strategy"]]
        told = run["breakdown"][row["slice"]]
        assert float(row["value"]) == told[row["measure"]]
        assert [float(row[name]) for name in ("requests", *PARTS)] == [
            told[name] for name in ("requests", *PARTS)
        ]
    assert "breakdown" not in printed_json(capsys, "compare", "--json")["runs"][0]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--breakdown", "p98-ttft"], "--breakdown: found 'p98-ttft', expected one of mean, p99-"),
        (["--breakdown", "mean", "--format", "vllm"], "found --breakdown and --format vllm"),
        (["--breakdown", "mean", "--csv", "-", "--requests"], "found --breakdown and --requests"),
    ],
)
def test_what_does_not_go_together(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *options]) == 2
    assert told in capsys.readouterr().err


async def test_the_metrics_view_goes_through_them() -> None:
    async with on_stage("chat", size=(120, 60), view="5") as stage:
        for wanted in [*SLICES.values(), MEAN]:
            assert f"Where the {wanted.whole} went" in stage.seen()
            assert f"Where the time went ({wanted.title})" in stage.seen()
            result = stage.scene.comparison["static"]
            assert wanted.measure.text(result.slice_parts(wanted).whole * SECOND) in stage.seen()
            await stage.press("m")


def test_the_report_tells_of_the_slowest() -> None:
    out = io.StringIO()
    write(Report(scene_of(load_workload("notebook")), [], []), out)
    document = out.getvalue()
    assert "The TTFT of the slowest 1 %, the parts up to the first token:" in document
    assert "| slots: waits, as all slots are taken | 5.03 s (96%) | 4.98 s (96%) |" in document
