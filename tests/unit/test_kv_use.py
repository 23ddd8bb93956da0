"""Evictions, memory and iterations in figures and files, counted again iteration by iteration."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from stage import palette, texts
from tight import tight

from tui_batching.analysis.comparison import Comparison, Result, compare
from tui_batching.analysis.kv_use import KvUse, ignores_memory
from tui_batching.analysis.metrics import ITERATIONS, KV_MEMORY, METRICS_BY_NAME, PREFIX_CACHE
from tui_batching.analysis.sweeps import Point, Sweep, sweep
from tui_batching.analysis.tables import BEST, comparison_table, sweep_table
from tui_batching.charts.metric_rows import metric_rows
from tui_batching.charts.pen import Pen
from tui_batching.cli.print_tables import print_comparison
from tui_batching.clock import SECOND, to_seconds
from tui_batching.export import trace_output
from tui_batching.export.findings import findings
from tui_batching.export.json_and_csv import (
    write_comparison_csv,
    write_comparison_json,
    write_sweep_csv,
    write_sweep_json,
)
from tui_batching.sim.life import State
from tui_batching.sim.run import Run
from tui_batching.sim.spans import SpanKind
from tui_batching.workload import load_workload

OF_MEMORY = ("evictions", "recomputed_tokens", "peak_kv", "mean_kv")
HEEDING = [result for result in tight() if result.run.kv]
FREE = tight()["continuous"]


def each(results: list[Result]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("result", results, ids=lambda result: result.strategy.name)


def iterations(run: Run) -> list[tuple[int, int, SpanKind]]:
    """Start, end and kind of each iteration, one boundary after the other."""
    found, time = [], 0
    while (end := run.at(time).next_boundary) is not None:
        phase = run.at(time).phase
        if phase.kind is not SpanKind.IDLE:
            found.append((time, end, phase.kind))
        time = end
    return found


def test_the_workload_makes_engines_evict() -> None:
    evicted = {result.strategy.name for result in tight() if result.metrics["evictions"]}
    assert evicted == {"vllm", "vllm-v0", "sglang", "fastgen", "tensorrt-llm"}


@each(list(tight()))
def test_iterations_are_counted_by_kind(result: Result) -> None:
    counted = Counter(kind for *_, kind in iterations(result.run))
    for kind in (SpanKind.PREFILL, SpanKind.DECODE, SpanKind.MIXED):
        assert result.metrics[f"{kind.name.lower()}_iterations"] == counted[kind]


@each(HEEDING)
def test_evictions_are_those_that_turn_up_in_the_queue(result: Result) -> None:
    run, seen = result.run, 0
    before: set[int] = set()
    for time in sorted({0, *run.stays.end_time.tolist(), *run.stays.start_time.tolist()}):
        states = run.at(time).states(np.arange(len(run)))
        evicted = {row for row, state in enumerate(states) if state is State.EVICTED}
        seen += len(evicted - before)
        before = evicted
    assert result.metrics["evictions"] == seen == run.evictions.sum()


@each(HEEDING)
def test_recomputed_tokens_are_those_beyond_the_prompts(result: Result) -> None:
    run = result.run
    prompts = int(run.requests.input_tokens.sum())
    assert result.metrics["recomputed_tokens"] == int(run.chunks.tokens.sum()) - prompts
    assert bool(result.metrics["recomputed_tokens"]) == bool(result.metrics["evictions"])


@each(HEEDING)
def test_use_of_memory_is_that_of_the_iterations(result: Result) -> None:
    run, use = result.run, KvUse.of(result.run)
    assert use is not None
    kv = use.kv
    assert use.peak_blocks == max(kv.at_start.max(), kv.at_end.max()) <= kv.blocks
    assert result.metrics["peak_kv"] == use.peak_blocks / kv.blocks
    first = run.at(use.peak_time).span
    assert use.peak_blocks in (kv.at_start[first], kv.at_end[first])
    # By hand: the mean of each span's two ends, weighted by its length.
    lengths = run.spans.end - run.spans.start
    mean = float((lengths * (kv.at_start + kv.at_end) / 2).sum()) / lengths.sum() / kv.blocks
    assert result.metrics["mean_kv"] == pytest.approx(mean)
    edges = np.linspace(0, run.finished, 14).astype(np.int64)
    weighted = float((use.shares(edges) * np.diff(edges)).sum()) / run.finished
    assert weighted == pytest.approx(mean)
    assert use.shares(np.array([run.finished, run.finished + SECOND])).tolist() == [0]


@each(HEEDING)
def test_an_idle_server_uses_no_memory(result: Result) -> None:
    idle = result.run.spans.kind == SpanKind.IDLE
    assert result.run.kv is not None
    assert not result.run.kv.at_start[idle].any()


def test_a_short_table_tells_of_memory_only_where_it_is_heeded() -> None:
    titles = [group.title for group in comparison_table(tight()).groups]
    assert titles[-3:] == [KV_MEMORY, PREFIX_CACHE, ITERATIONS]
    textbook = comparison_table(compare(load_workload("notebook")))
    assert not {KV_MEMORY, PREFIX_CACHE, ITERATIONS} & {group.title for group in textbook.groups}
    assert textbook.note == ""


def test_who_ignores_memory_is_not_compared_with_those_who_heed_it() -> None:
    """Continuous has the shortest mean latency here, and the KV cache would not hold it."""
    comparison = tight()
    latency = METRICS_BY_NAME["avg_latency"]
    values = dict(
        zip([r.strategy.name for r in comparison], comparison.values(latency), strict=True)
    )
    assert min(values, key=lambda name: values[name] or 0) == "continuous"
    table = comparison_table(comparison)
    column = table.strategies.index("continuous")
    rows = [row for group in table.groups for row in group.rows]
    assert not any(row.cells[column].best for row in rows)
    assert any(cell.best for row in rows for cell in row.cells)
    assert table.note == (
        "continuous ignores memory: it runs as if the KV cache of 832 tokens had no end, "
        f"and gets no {BEST}"
    )
    told = findings(comparison)
    assert told[-1] == f"C{table.note[1:]}."
    ranked = [sentence for sentence in told[:-1] if not sentence.startswith("Where")]
    assert ranked
    for sentence in ranked:
        assert re.search(r"; .*continuous [^;()]*\([^()]*memory ignored\)", sentence)


def test_the_only_one_who_heeds_memory_is_no_winner() -> None:
    pair = Comparison(tight().workload, (tight()["vllm"], FREE))
    assert pair.best(METRICS_BY_NAME["avg_latency"]) == (False, False)
    assert findings(pair)[0].startswith("Where a mean latency")


def written(*, each_request: bool) -> list[dict[str, Any]]:
    out = io.StringIO()
    write_comparison_json(tight(), out, each_request=each_request)
    runs: list[dict[str, Any]] = json.loads(out.getvalue())["runs"]
    return runs


def test_json_says_what_memory_there_was() -> None:
    for told, result in zip(written(each_request=False), tight(), strict=True):
        kv = result.run.kv
        memory = (kv.block_size, kv.blocks) if kv else (None, None)
        assert (told["kv_block_size"], told["kv_blocks"]) == memory
        assert told["ignores_memory"] == (told["strategy"] == "continuous")
        for name in OF_MEMORY:
            assert (told["metrics"][name] is None) == (kv is None)


def test_json_has_every_stay() -> None:
    for told, result in zip(written(each_request=True), tight(), strict=True):
        run = result.run
        for row, request in enumerate(told["requests"]):
            stays = run.by_request.members(row)
            assert request["evictions"] == run.evictions[row]
            ended = Counter(stay["ended"] for stay in request["stays"])
            assert ended["evicted"] == request["evictions"]
            assert ended["done"] == 1
            assert request["stays"][0]["start_time"] == request["start_time"]
            assert request["stays"][-1]["end_time"] == request["end_time"]
            for stay, found in zip(stays.tolist(), request["stays"], strict=True):
                assert found["slot"] == run.stays.slot[stay]
                assert found["end_time"] == to_seconds(int(run.stays.end_time[stay]))
                ready = run.stays.ready_time[stay]
                never = not run.stays.start_time[stay] <= ready <= run.stays.end_time[stay]
                assert found["ready_time"] == (None if never else to_seconds(int(ready)))


def test_csv_has_evictions_and_leaves_out_what_is_not_defined() -> None:
    out = io.StringIO()
    write_comparison_csv(tight(), out, each_request=True)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    by_name = Counter[str]()
    for row in rows:
        by_name[row["strategy"]] += int(row["evictions"])
    assert by_name["vllm-v0"] == tight()["vllm-v0"].metrics["evictions"]
    out = io.StringIO()
    write_comparison_csv(tight(), out, each_request=False)
    continuous = list(csv.DictReader(io.StringIO(out.getvalue())))[-1]
    assert [continuous[name] for name in OF_MEMORY] == [""] * 4
    assert continuous["ignores_memory"] == "True"
    assert int(continuous["decode_iterations"]) > 0


def events_of(run: Run) -> list[dict[str, Any]]:
    out = io.StringIO()
    trace_output.write("tight", [run], out)
    events: list[dict[str, Any]] = json.loads(out.getvalue())["traceEvents"]
    return events


@each(HEEDING)
def test_the_trace_marks_each_eviction(result: Result) -> None:
    marks = [event for event in events_of(result.run) if event["ph"] == "I"]
    assert len(marks) == result.metrics["evictions"]
    stays = result.run.stays
    ends = {
        (
            f"R{result.run.requests.id[stays.request[stay]]} evicted",
            stays.end_time[stay] / 1_000_000,
        )
        for stay in result.run.evicted_stays
    }
    assert {(mark["name"], mark["ts"]) for mark in marks} == ends


@each(list(tight()))
def test_the_trace_counts_blocks_and_requests_as_the_run_does(result: Result) -> None:
    run, counted = result.run, dict[str, list[tuple[int, dict[str, int]]]]()
    for event in events_of(run):
        if event["ph"] == "C":
            time = round(event["ts"] * 1_000_000)
            counted.setdefault(event["name"], []).append((time, event["args"]))
    assert ("KV blocks" in counted) == (run.kv is not None)
    for name, changes in counted.items():
        times = [time for time, _ in changes]
        assert times == sorted(set(times))
        for time, args in changes:
            moment = run.at(time)
            if name == "KV blocks":
                assert run.kv is not None
                assert sum(args.values()) == run.kv.blocks
                span = moment.span
                ends = (run.kv.at_start[span], run.kv.at_end[span])
                assert moment.over or args["taken"] in ends
                assert ("cached" in args) is run.cache_matters
                assert moment.over or args.get("cached", 0) == moment.blocks_cached
                continue
            held = len(moment.held)
            expected = {
                "queue": len(moment.waiting),
                "running": len(moment.running) - held,
                "held": held,
            }
            assert args["requests"] == expected[name]


def test_the_metrics_on_screen_begin_with_who_ignores_memory() -> None:
    for width in (80, 160):
        rows = texts(metric_rows(tight(), Pen(width, palette())))
        told = " ".join(" ".join(rows[:2]).split())
        assert told.startswith(
            "continuous ignores memory: it runs as if the KV cache of 832 tokens"
        )
    notebook = texts(metric_rows(compare(load_workload("notebook")), Pen(160, palette())))
    assert "memory:" not in "".join(notebook)


def test_the_printed_table_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(tight(), ascii_only=False)
    assert "\ncontinuous ignores memory: it runs as if" in capsys.readouterr().out


def test_files_of_sweeps_mark_who_ignores_memory() -> None:
    workload = replace(tight().workload, strategies=(tight()["orca"].strategy, FREE.strategy))
    swept = sweep(workload, "batch-size", (4,))
    out = io.StringIO()
    write_sweep_json(swept, out)
    told = json.loads(out.getvalue())["points"]
    assert [point["ignores_memory"] for point in told] == [False, True]
    out = io.StringIO()
    write_sweep_csv(swept, out)
    rows = csv.DictReader(io.StringIO(out.getvalue()))
    assert [row["ignores_memory"] for row in rows] == ["False", "True"]


def test_a_sweep_compares_and_marks_likewise() -> None:
    lanes = (tight()["vllm"], tight()["orca"], FREE)
    points = tuple(
        Point(4, each.strategy, each.metrics, 4, ignores_memory(each.run)) for each in lanes
    )
    table = sweep_table(Sweep("batch-size", tight().workload, points, {}))
    assert table.note.startswith("continuous ignores memory")
    for group in table.groups:
        for row in group.rows:
            assert not row.cells[2].best
            assert any(cell.best for cell in row.cells)
