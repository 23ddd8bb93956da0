"""What a server measured as a Run of its own, beside those that are simulated."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from measured_logs import some_requests, write_bench, write_csv, write_vllm_log
from stage import Stage, on_stage, palette, scene_of, texts

from tui_batching.__main__ import main
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import METRIC_TABLE, METRICS_BY_NAME, format_value
from tui_batching.analysis.phases import phases
from tui_batching.analysis.scene import build_scene
from tui_batching.analysis.tokens import token_gaps, token_times
from tui_batching.analysis.worst import Ranking, instant_of_why
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gantt import gantt_chart
from tui_batching.charts.palette import load_palettes
from tui_batching.charts.result_card import card_rows
from tui_batching.charts.rows import text_of
from tui_batching.clock import MILLISECOND, format_duration
from tui_batching.cost import IterationCost
from tui_batching.measured.equations import planned
from tui_batching.measured.server import META
from tui_batching.requests import Requests
from tui_batching.sim.life import State, states_at
from tui_batching.sim.measured import MeasuredRun, lowest_free
from tui_batching.sim.run import Run
from tui_batching.strategies import Vllm
from tui_batching.tour import parse_deck
from tui_batching.tui.views import view_parts
from tui_batching.workload import Workload, apply_settings, choose_strategies, load_workload

COST = IterationCost(8 * MILLISECOND, MILLISECOND // 20, 10**5)
ENGINE = Vllm(max_num_seqs=6)
NAMES = ["measured", "vllm"]


def shifted(run: Run) -> Run:
    """As if time zero was the first arrival, as in logs."""
    requests = run.requests
    first = requests.arrival_time[0]
    return ENGINE.serve(requests.with_columns(arrival_time=requests.arrival_time - first), COST)


@pytest.fixture(scope="module")
def true() -> Run:
    return shifted(ENGINE.serve(some_requests(60, 10), COST))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, true: Run) -> Path:
    """A log in each format, all of one run."""
    folder = tmp_path_factory.mktemp("logs")
    write_vllm_log(folder / "log.jsonl", true)
    write_csv(folder / "log.csv", true)
    write_bench(folder / "bench.json", true, each_token=True)
    return folder


@pytest.fixture(scope="module")
def compared(folder: Path) -> Comparison:
    return compare(load_workload(folder / "log.jsonl"))


def measured(workload: Workload) -> MeasuredRun:
    run = compare(workload).measured_run
    assert run is not None
    return run


def test_the_lane_tells_what_was_measured(true: Run, compared: Comparison) -> None:
    run = compared.measured_run
    assert run is not None
    assert [result.strategy.name for result in compared] == NAMES
    assert run.start_time.tolist() == planned(true).tolist()
    assert run.first_token_time.tolist() == true.first_token_time.tolist()
    assert run.end_time.tolist() == true.finish_time.tolist()
    columns = (run.requests.arrival_time, run.start_time, run.first_token_time, run.end_time)
    edges = zip(*columns, strict=True)
    for row, (arrival, start, first, end) in enumerate(edges):
        states = states_at(run, np.array([row]), np.array([arrival, start, first, end]))[0]
        wanted = [State.QUEUED, State.PREFILL, State.DECODE, State.DONE]
        assert states.tolist() == wanted if arrival < start else states.tolist()[1:] == wanted[1:]


def test_tokens_are_spread_evenly_where_nobody_measured_them(compared: Comparison) -> None:
    run = compared.measured_run
    assert run is not None
    rows = np.arange(len(run))
    made = [
        run.at(time).tokens_made(rows) for time in range(0, run.finished + 1, run.finished // 40)
    ]
    assert (np.diff(made, axis=0) >= 0).all()
    assert (run.at(run.finished).tokens_made(rows) == run.requests.output_tokens).all()
    for row in rows[run.requests.output_tokens > 2]:
        first, last = int(run.first_token_time[row]), int(run.finish_time[row])
        count = int(run.requests.output_tokens[row])
        assert run.at(first - 1).tokens_made(rows)[row] == 0
        assert run.at(first).tokens_made(rows)[row] == 1
        assert run.at(last - 1).tokens_made(rows)[row] == count - 1
        half = run.at((first + last) // 2).tokens_made(rows)[row]
        assert abs(half - (1 + (count - 1) / 2)) <= 1
    assert not token_gaps(run)


def test_tokens_are_where_a_benchmark_measured_them(true: Run, folder: Path) -> None:
    run = measured(load_workload(folder / "bench.json"))
    assert not run.tells_start
    ours = [times for block in token_times(run) for times in block]
    theirs = [times for block in token_times(true) for times in block]
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one - other).max() < 1000  # seconds as floats
    rows = np.arange(len(run))
    for time in range(0, run.finished, run.finished // 20):
        known = [int((times <= time).sum()) for times in ours]
        assert run.at(time).tokens_made(rows).tolist() == known
    assert token_gaps(run).total == token_gaps(true).total


def test_gaps_that_cover_several_tokens_tell_no_times(tmp_path: Path, true: Run) -> None:
    run = measured(load_workload(write_bench(tmp_path / "bench.json", true)))
    assert not run.tells_tokens


def test_each_has_the_lowest_row_that_is_free(compared: Comparison) -> None:
    assert lowest_free([0, 1, 2, 5, 6], [5, 2, 9, 7, 8]) == [0, 1, 1, 0, 2]
    run = compared.measured_run
    assert run is not None
    for slot in range(len(run.by_slot)):
        stays = run.by_slot.members(slot)
        assert (run.stays.start_time[stays][1:] >= run.stays.end_time[stays][:-1]).all()
    starts = run.stays.start_time
    busy = [
        int(((run.stays.start_time <= start) & (run.stays.end_time > start)).sum())
        for start in starts
    ]
    assert len(run.by_slot) == max(busy)


def test_what_nobody_measured_is_not_told(compared: Comparison, folder: Path) -> None:
    result = compared.measured
    assert result is not None
    untold = {metric.group for metric in METRIC_TABLE if result.metrics[metric.name] is None}
    told = {metric.group for metric in METRIC_TABLE if result.metrics[metric.name] is not None}
    assert {"Time between tokens", "Utilization of the slots", "Iterations", "KV cache"} <= untold
    assert {"Wait", "Latency", "Time to first token", "Throughput"} <= told
    other = compare(load_workload(folder / "log.csv")).measured
    assert other is not None
    assert other.metrics["avg_wait"] is None
    assert other.metrics["mean_ttft"] == pytest.approx(result.metrics["mean_ttft"])


def test_errors_are_against_what_was_measured_and_nobody_is_the_best(compared: Comparison) -> None:
    for name in ("mean_ttft", "p99_latency", "throughput"):
        metric = METRICS_BY_NAME[name]
        true, ours = compared.values(metric)
        assert compared.behind(metric) == (None, ours / true - 1)
        assert compared.best(metric) == (False, False)
    assert (
        compared.errors_of(compared["vllm"])["mean_ttft"]
        == compared.behind(METRICS_BY_NAME["mean_ttft"])[1]
    )


@pytest.mark.parametrize("slices", ["mean", "p99-ttft,p99-e2el"])
def test_in_a_breakdown_nobody_is_the_best_beside_what_was_measured(
    folder: Path, slices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(folder / "log.jsonl"), "--breakdown", slices]) == 0
    assert "★" not in capsys.readouterr().out


def test_the_prices_that_fit_make_the_same_run_again(compared: Comparison) -> None:
    metric = METRICS_BY_NAME["avg_latency"]
    _, error = compared.behind(metric)
    assert error is not None
    assert abs(error) < 0.01


def test_the_phases_sum_to_the_latency_in_both_lanes(compared: Comparison) -> None:
    true = compared.measured_run
    assert true is not None
    for result in compared:
        run = result.run
        for row in range(len(run)):
            arrival, end = int(run.requests.arrival_time[row]), int(run.end_time[row])
            parts = phases(run, row, end, true)
            assert sum(parts.values()) == end - arrival
            half = (arrival + end) // 2
            assert sum(phases(run, row, half, true).values()) == half - arrival
    row = int(np.argmax(true.start_time - true.requests.arrival_time))
    assert list(phases(true, row, true.finished, true)) == ["queue", "first token", "decode"]
    hidden = replace(true, starts_measured=False)
    assert list(phases(true, row, true.finished, hidden)) == ["first token", "decode"]


def test_a_lane_is_there_for_the_requests_of_the_log_alone(folder: Path) -> None:
    workload = load_workload(folder / "log.jsonl")
    assert [each.name for each in workload.lanes] == NAMES
    for setting in ("workload.rate=3", "workload.count=10", "workload.limit=10"):
        changed = apply_settings(workload, [setting])
        assert [each.name for each in changed.lanes] == ["vllm"]
    back = apply_settings(apply_settings(workload, ["batch_size=4"]), ["cost=textbook"])
    assert [each.name for each in back.lanes] == NAMES
    chosen = choose_strategies(workload, ["static", "sglang"])
    assert [each.name for each in chosen.lanes] == ["measured", "static", "sglang"]


def test_of_a_long_log_the_first_requests_are_enough_for_prices(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_batching.measured.logged._FITTED", 40)
    workload = load_workload(folder / "log.jsonl")
    assert any("what fits the first 40 requests of the log" in told for told in workload.notices)
    _, error = compare(workload).behind(METRICS_BY_NAME["avg_latency"])
    assert error is not None
    assert abs(error) < 0.01


def test_notes_are_about_what_is_served(folder: Path) -> None:
    workload = load_workload(folder / "log.jsonl")
    assert len(workload.notices) == 3
    costly = apply_settings(workload, ["cost=h100-llama-3-8b"])
    assert not any("fits the log" in told for told in costly.notices)
    assert any(told.startswith("served as by vllm") for told in costly.notices)
    others = choose_strategies(workload, ["static"])
    assert not any(told.startswith("served as by vllm") for told in others.notices)
    assert any("fits the log" in told for told in others.notices)


def test_what_somebody_said_of_cost_and_strategies_stays(folder: Path) -> None:
    file = folder / "w.yaml"
    file.write_text("requests: {trace: log.jsonl}\ncost: h100-llama-3-8b\nstrategies: {tgi: {}}\n")
    workload = load_workload(file)
    assert [each.name for each in workload.lanes] == ["measured", "tgi"]
    assert workload.cost.title == "h100-llama-3-8b (kernels only)"


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"first_token_ts": None}, "found 1 of 60 requests without all times"),
        ({"first_token_ts": 0.5}, "found a first_token_ts .* before scheduled_ts"),
    ],
)
def test_of_a_broken_log_it_is_told_why_nothing_measured_is_shown(
    tmp_path: Path, folder: Path, broken: dict[str, float | None], sentence: str
) -> None:
    lines = (folder / "log.jsonl").read_text().splitlines()
    lines[4] = json.dumps(json.loads(lines[4]) | broken)
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(lines))
    workload = load_workload(file)
    assert [each.name for each in workload.lanes] == ["static", "dynamic", "continuous"]
    (told,) = (each for each in workload.notices if each.startswith("nothing measured"))
    assert re.search(sentence, told)


def test_a_log_of_several_replicas_has_no_lane(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes((folder / "log.jsonl").read_bytes())
    (tmp_path / META).write_text('{"engine_kwargs": {"data_parallel_size": 2}}')
    told = " ".join(load_workload(file).notices)
    assert "nothing measured is shown: " in told
    assert "data_parallel_size: found 2" in told


def test_compare_prints_measured_simulated_and_the_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(folder / "log.jsonl")]) == 0
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()[1:]
    assert head.split() == ["measured", "vllm", "error"]
    assert "…" not in captured.out
    (tokens,) = (row.split() for row in rows if row.startswith("  tokens per second"))
    assert tokens[-1].endswith("%")
    assert "served as by vllm, max_num_seqs 6: inferred, " in captured.err
    assert main(["compare", str(folder / "log.jsonl"), "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert "errors" not in runs[0]
    assert runs[0]["metrics"]["useful"] is None
    true, ours = (run["metrics"]["mean_ttft"] for run in runs)
    assert runs[1]["errors"]["mean_ttft"] == pytest.approx(ours / true - 1)


def test_a_file_of_requests_leaves_out_what_a_log_does_not_tell(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(folder / "log.csv"), "--requests", "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for row in rows[:60]:
        assert row["strategy"] == "measured"
        assert not any(row[name] for name in ("start_time", "slot", "evictions", "prefill", "held"))
        assert row["first_token_time"]
    assert all(row["slot"] for row in rows[60:])
    assert main(["compare", str(folder / "log.csv"), "--requests", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["runs"][0]["requests"][0]
    assert first["slot"] is first["start_time"] is first["stays"][0]["slot"] is None


def test_the_largest_errors_are_a_measure_of_the_worst(compared: Comparison) -> None:
    scene = build_scene(compared.workload, None, lambda _: None)
    measure = scene.measures[-1]
    assert measure.name == "error"
    ranking = Ranking.of(measure, scene.runs)
    latencies = [run.end_time - run.requests.arrival_time for run in scene.runs]
    errors = np.abs(latencies[1] / latencies[0] - 1)
    assert errors[ranking.order].tolist() == sorted(errors.tolist(), reverse=True)


def test_the_gantt_chart_has_the_measured_bar_above_the_simulated_one(compared: Comparison) -> None:
    scene = build_scene(compared.workload, None, lambda _: None)
    palette = load_palettes()["dark"]
    request = ChartRequest(scene, scene.end // 3, 110, 30, palette)
    rows = [text_of(row) for row in gantt_chart(request)]
    assert "M measured" in rows[0]
    names = [row[:6].split() for row in rows[2:28]]
    assert [marks[-1] for marks in names] == ["M", "V"] * 13
    assert all(len(marks) == 2 for marks in names[::2])
    assert all(row.rstrip().endswith("%") or "┃" in row for row in rows[3:28:2])


@pytest.mark.parametrize(
    ("name", "shaded"), [("log.jsonl", "░ prefill"), ("bench.json", "░ no token yet")]
)
def test_gantt_calls_prefill_only_what_a_log_tells(folder: Path, name: str, shaded: str) -> None:
    scene = build_scene(load_workload(folder / name), None, lambda _: None)
    request = ChartRequest(scene, scene.end // 3, 110, 30, load_palettes()["dark"])
    assert f"  {shaded}  " in text_of(gantt_chart(request)[0])


async def test_on_stage_parts_metrics_and_errors_stand_beside_each_other(folder: Path) -> None:
    workload = load_workload(folder / "log.jsonl")
    async with on_stage(workload, size=(120, 36)) as stage:
        assert stage.seen().count("MEASURED by the log") == 1
        await stage.press("end", "j", "j")
        told = [row for row in stage.rows() if "first token" in row and " = " in row]
        assert len(told) == 2
        await stage.press("escape", "5")
        assert "how far that is off" in stage.seen()
        await stage.press("M", "M", "M")
        assert stage.notices[0] == "the worst are those with the largest error"
        await stage.press("e")
        told = r"worst error 1 of 60, latency 0\.\d% off with vLLM, queue .* s instead of .* s: R"
        assert re.match(told, stage.notices[0])
        (lane, _) = stage.live._lanes.every
        lane.focus()
        await stage.press("e")
        assert stage.notices[0] == "there is no error here"


def test_why_an_error_is_so_large_is_looked_for_where_both_are_farthest_apart(
    folder: Path,
) -> None:
    """With two slots instead of six the queue grows, and little else."""
    slow = apply_settings(load_workload(folder / "log.jsonl"), ["vllm.max_num_seqs=2"])
    scene = build_scene(slow, None, lambda _: None)
    true, run = scene.comparison.measured_run, scene.runs[1]
    assert true is not None
    measure = scene.measures[-1]
    row = int(Ranking.of(measure, scene.runs).order[0])
    arrival, queued = int(run.requests.arrival_time[row]), int(run.start_time[row])
    assert (measure.since(run)[row], measure.until(run)[row]) == (arrival, queued)
    assert arrival < instant_of_why(measure, run, row) <= queued
    waits = [format_duration(int(each.start_time[row]) - arrival) for each in (run, true)]
    assert measure.aside(run, row) == f"queue {waits[0]} instead of {waits[1]}"


@pytest.mark.parametrize("name", ["log.jsonl", "bench.json"])
def test_trace_events_leave_out_what_a_log_does_not_tell(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", str(folder / name), "-o", "-"]) == 0
    events = json.loads(capsys.readouterr().out)["traceEvents"]
    ours = [event for event in events if event["pid"] == 1]
    names = {event.get("name") for event in ours}
    tells_queue = name == "log.jsonl"
    assert ("queue" in names, "prefill" in names) == (tells_queue, tells_queue)
    assert ("no token yet" in names) is not tells_queue
    assert {"decode", "running"} <= names
    assert not names & {"untold", "held"}
    titles = [event["args"]["name"] for event in ours if event.get("name") == "thread_name"]
    assert all(title.startswith("row ") for title in titles)
    whole = [event["args"] for event in ours if event.get("name") == "R0"]
    assert [("wait" in args) for args in whole] == [tells_queue]


def test_a_report_tells_how_far_each_figure_is_off(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(folder / "log.jsonl"), "-o", "-"]) == 0
    short = capsys.readouterr().out.partition("## In short")[2].partition("##")[0]
    figures = r"- Mean latency: [\d.]+ m?s measured; vllm [\d.]+ m?s \([+-]?\d\.\d%\)\."
    assert re.search(figures, short)
    assert short.count("Where a mean latency of") == 1


async def test_the_bars_of_a_request_are_on_one_scale(folder: Path) -> None:
    """The measured one is not longer for the room that the error takes behind the other."""
    workload = apply_settings(load_workload(folder / "log.jsonl"), ["cost.base=12ms"])
    async with on_stage(workload, size=(80, 24)) as stage:
        await stage.press("end", "j", "j")
        true, ours = (
            sum(row.count(sign) for sign in "─░█")
            for row in stage.rows()
            if re.search(r"[█─░] R1 [\d.]+ m?s", row)
        )
        times = [int(run.end_time[1] - run.requests.arrival_time[1]) for run in stage.scene.runs]
        assert abs(true / ours - times[0] / times[1]) < 2 / ours


async def test_a_chapter_shows_a_log_as_play_does(folder: Path, tmp_path: Path) -> None:
    text = f"""\
chapters:
  - title: Ours
    workload: {folder / "log.jsonl"}
    text: "{{measured.p99_ttft}} measured, {{vllm.p99_ttft}} simulated"
    focus: measured
"""
    deck = parse_deck(text, tmp_path / "talk.yaml", view_parts())
    async with on_stage(deck.chapters[0].workload, deck=deck, size=(120, 36)) as stage:
        assert names_on(stage) == NAMES
        times = [
            format_value(METRICS_BY_NAME["p99_ttft"], result.metrics["p99_ttft"])
            for result in stage.scene.comparison
        ]
        assert f"{times[0]} measured, {times[1]}" in " ".join(stage.seen().split())


async def test_help_tells_how_a_measured_lane_is_read(folder: Path) -> None:
    async with on_stage(load_workload(folder / "log.jsonl"), size=(120, 60)) as stage:
        await stage.press("question_mark")
        told = stage.seen()
        assert "≈ tokens spread evenly" in told
        assert "all answered: M measured, V vllm" in told.replace("\N{NO-BREAK SPACE}", " ")


async def test_gantt_goes_to_a_request_that_waits_in_both(tmp_path: Path) -> None:
    crowd = Requests.from_columns(*np.array([(row * MILLISECOND, 500, 80) for row in range(40)]).T)
    log = write_vllm_log(tmp_path / "log.jsonl", ENGINE.serve(crowd, COST))
    async with on_stage(load_workload(log), view="2", size=(120, 36)) as stage:
        for row in (39, 17, 0, 39):
            await stage.press("slash", *f"R{row}", "enter")
            assert [line[:7].split() for line in stage.rows() if f"R{row} " in line[:6]]
            assert any("┃" in line for line in stage.rows()[3:-3])


async def test_other_loads_have_no_measured_lane_and_it_comes_back(folder: Path) -> None:
    async with on_stage(load_workload(folder / "log.jsonl")) as stage:
        await stage.press("greater_than_sign")
        assert names_on(stage) == ["vllm"]
        assert any(told.startswith("nothing measured is shown: ") for told in stage.notices)
        await stage.press("less_than_sign")
        assert names_on(stage) == NAMES


def names_on(stage: Stage) -> list[str]:
    return [run.strategy.name for run in stage.scene.runs]


@pytest.mark.parametrize("slots", [6, 256])
async def test_every_view_is_drawn_beside_a_log(folder: Path, slots: int) -> None:
    workload = apply_settings(load_workload(folder / "bench.json"), [f"vllm.max_num_seqs={slots}"])
    async with on_stage(workload, size=(120, 36)) as stage:
        for view in "1234590":
            for key in (view, "j", "m", "end", "home", "right", "e"):
                await stage.press(key)
            assert names_on(stage) == NAMES, view
            await stage.press("home", "escape")


@pytest.mark.parametrize("width", [25, 39])
def test_no_figure_is_cut_on_a_card_beside_what_was_measured(folder: Path, width: int) -> None:
    scene = scene_of(load_workload(folder / "bench.json"))
    for lane in range(len(scene.runs)):
        rows = texts(card_rows(scene, lane, width, 14, palette()))
        assert sum(bool(re.search(r"(mean|p99) +[\d.]+ m?s\b", row)) for row in rows) == 6, rows
