"""The report: what it says is so, it can be repeated, and Markdown reads it as it is meant."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest
from command_line import CHECKOUT
from oracle import oracle
from stage import hand_made, scene_of

from tui_batching import compare, load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.scene import Scene
from tui_batching.analysis.sweeps import sweep
from tui_batching.export import report
from tui_batching.export.findings import findings
from tui_batching.export.report import fenced, plain, table
from tui_batching.strategies import Continuous
from tui_batching.workload import Workload

NAMES = ["static", "dynamic", "continuous"]


def written(scene: Scene, *kinds: str) -> str:
    out = io.StringIO()
    sweeps = [sweep(scene.workload, kind) for kind in kinds]
    report.write(report.Report(scene, sweeps, ["tui-batching report x"]), out)
    return out.getvalue()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["report", *arguments, "-o", "-"]) == 0
    return capsys.readouterr().out


def section(document: str, title: str) -> str:
    """What stands below a heading."""
    return document.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def cells(document: str, label: str) -> list[str]:
    """The values of the first row of a table with this label, without what is told of them."""
    row = next(line for line in document.splitlines() if line.startswith(f"| {label} |"))
    return [re.sub(r" (★|[\d.,]+x|\(.*)$", "", cell.strip()) for cell in row.split("|")[2:-1]]


def test_the_figures_are_those_of_the_oracle(capsys: pytest.CaptureFixture[str]):
    document = printed(capsys, "notebook")
    expected = [oracle()["part_1_main"]["results"][name]["metrics"] for name in NAMES]
    for title, label, name in (
        ("Metrics", "tokens per second", "throughput"),
        ("Metrics", "mean", "avg_wait"),
        ("Where the time went", "**latency**", "avg_latency"),
    ):
        shown = [format_value(METRICS_BY_NAME[name], metrics[name]) for metrics in expected]
        assert cells(section(document, title), label) == shown


def test_it_says_what_the_total_time_is_which_parameters_stay_and_where_a_run_is_short():
    document = written(scene_of(load_workload("notebook")), "load", "batch-size")
    metrics = section(document, "Metrics")
    assert "Throughput: total time is from the first arrival to the last answer." in metrics
    assert cells(metrics, "held (the bubble)") == ["26.1 %", "22.0 %", "0.0 %"]
    load, sizes = section(document, "Load"), section(document, "Batch size")
    assert "dynamic with batch 4, 500 ms" in load
    assert "a finite run of 20 requests: in a longer one latency climbs on" in load
    assert "Alike at all of them: dynamic with 500 ms." in sizes
    assert "finite" not in sizes


def test_the_commands_it_tells_write_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    settings = ("--set", "batch_size=2", "dynamic.timeout=100ms", "--slo", "ttft=1s")
    document = printed(capsys, "illustrative", *settings)
    fence = section(document, "How to get these figures again").split("```")[1]
    program, *commands = fence.splitlines()
    assert program == "sh"
    assert commands[0].endswith(" -o report.md")
    for command in commands[:2]:
        assert main(shlex.split(command)[1:]) == 0
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == document


def test_nothing_in_it_is_of_this_machine_or_this_day(capsys: pytest.CaptureFixture[str]):
    document = printed(capsys, "chat")
    assert str(CHECKOUT) not in document
    assert str(Path.home()) not in document
    assert not re.search(r"20\d\d-|\d\d:\d\d", document)
    assert document == printed(capsys, "chat")


@pytest.mark.parametrize("workload", ["notebook", "summarize-burst", "overload"])
def test_markdown_reads_it_as_it_is_meant(capsys: pytest.CaptureFixture[str], workload: str):
    document = printed(capsys, workload)
    assert "\x1b" not in document
    drawn = "".join(re.findall(r"```text\n(.*?)```", document, re.DOTALL))
    assert 60 < max(map(len, drawn.splitlines())) <= 78
    outside = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    assert "`" not in outside
    for block in outside.split("\n\n"):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1 or "|" not in block
    titles = re.findall("^## (.*)$", outside, re.MULTILINE)
    assert titles[0] == "In short"
    assert len(set(titles)) == len(titles)
    at_once = workload == "summarize-burst"  # and so it has no load
    assert ("Load" in titles) != at_once
    assert (f"tui-batching sweep load {workload}\n" in document) != at_once
    assert ("Each request's way through time" in titles) == (workload == "notebook")  # few enough


def test_what_is_said_of_the_strategies_is_checked():
    document = written(scene_of(load_workload("rag")))
    told = section(document, "What is said of the strategies")
    assert "A finished request leaves at once and hands its slot on. So it is here: " in told
    assert "Continuous batching makes more tokens per second. Not here: 1.03x " in told


def test_every_request_is_drawn_if_they_are_few():
    document = written(scene_of(load_workload("notebook")))
    drawn = section(document, "Each request's way through time")
    assert [len(re.findall(rf"^R{row} ", drawn, re.MULTILINE)) for row in range(20)] == [3] * 20


def test_a_name_is_not_taken_for_markdown():
    scene = scene_of(hand_made((0, 1, 1), (1, 1, 2)))
    workload = Workload("a|b `c`\n# <i>*d*", scene.workload.source, "[x](y)", scene.workload.cost)
    document = written(scene_of(workload))
    assert document.startswith("# a\\|b \\`c\\` \\# \\<i\\>\\*d\\*: static, dynamic, continuous\n")
    assert "\n\\[x\\](y)\n" in document


def test_one_strategy_and_one_request_make_a_report():
    scene = scene_of(hand_made((0, 0, 1), strategies=[Continuous(1)]))
    document = written(scene, "batch-size")
    assert "- Tokens per second: 100 with continuous.\n" in document
    for superlative in ("Most", "Least", "Soonest", "Shortest"):
        assert f"- {superlative} " not in document
    assert "★" not in section(document, "Metrics").partition("\n\n")[2]
    assert "1 request, prompts of 0 tokens, answers of 1." in document


def test_it_tells_that_a_cost_does_not_hold_and_what_it_is(capsys: pytest.CaptureFixture[str]):
    document = printed(capsys, "anyscale-32", "--set", "batch_size=64")
    assert "\n**Warning:** " in document.partition("## In short")[0]
    for line in ("cost | a100-opt-13b", "cost.decode_base | 23475us"):
        assert f"| {line} |" in document


def test_the_sweeps_are_told_value_by_value():
    workload = load_workload("illustrative")
    document = written(scene_of(workload), "load", "batch-size", "timeout")
    for kind, title in (("load", "Load"), ("batch-size", "Batch size"), ("timeout", "Timeout")):
        swept = sweep(workload, kind)
        rows = [line for line in section(document, title).splitlines() if line[:1] == "|"]
        groups = sum("**" in row for row in rows)
        assert groups == len(swept.shown) == 4
        assert len(rows) == 2 + groups * (1 + len(swept.values))
        throughput = swept.curve(swept.strategies[0])[-1].metric("throughput")
        assert format_value(METRICS_BY_NAME["throughput"], throughput) in rows[-1]


# What it comes to, in words.


def test_findings_name_the_best_and_how_far_the_others_are():
    told = findings(compare(load_workload("notebook")))
    assert told[0] == (
        "Most tokens per second: continuous with 101; static 84.6 (0.84x), dynamic 85.0 (0.84x)."
    )
    assert any("continuous with 69.2 %; static 59.8 %, dynamic 58.4 %." in one for one in told)
    assert told[-1] == (
        "Where a mean latency of 2.76 s with continuous went: 48% slots, 31% decode, 9% stalled."
    )


def test_findings_call_slowed_what_the_stage_calls_so() -> None:
    told = findings(compare(load_workload("long-prompt"), ["continuous", "vllm"]))
    where = {each.split(" with ")[1].split()[0]: each for each in told if "latency of" in each}
    assert re.search(r"\d% slowed", where["vllm"])
    assert re.search(r"\d% stalled", where["continuous"])
    [lost] = (each for each in told if "lost to the prefills of others" in each)
    assert not re.search("stalled|slowed", lost)  # one word for both


def test_findings_do_not_name_a_winner_where_there_is_none():
    told = findings(compare(hand_made((0, 1, 2))))
    assert told[0] == (
        "Alike with all: tokens per second 95.2, mean latency 21.0 ms, p99 latency 21.0 ms, "
        "mean time to first token 11.0 ms, p99 time between tokens 10.0 ms, useful slots 50.0 %."
    )


def test_findings_of_engines_lead_with_the_limits_and_those_who_wait():
    strict = load_workload("engines").with_settings({"slo.ttft": "200ms", "slo.tpot": "30ms"})
    told = findings(compare(strict, ["sglang", "vllm"]))
    assert told[0] == "Most requests within the limits: vllm with 61.9 %; sglang 28.7 %."
    subjects = [sentence.partition(":")[0] for sentence in told]
    assert subjects[1:5] == [
        "Most requests per second within the limits",
        "Soonest first token (p99)",
        "Least time per output token (p99)",
        "Shortest p99 latency",
    ]
    assert not any("static" in sentence or "bubble" in sentence for sentence in told)


def test_findings_of_recorded_traffic_lead_with_those_who_wait(tmp_path: Path):
    trace = tmp_path / "mine.csv"
    rows = "".join(f"{row / 4},{50 + row},{5 + row % 40}\n" for row in range(60))
    trace.write_text(f"arrival_time,input_tokens,output_tokens\n{rows}")
    document = written(scene_of(load_workload(trace)))
    first = section(document, "In short").splitlines()[1]
    assert first.startswith("- Soonest first token (p99): continuous with")
    assert "**Note:** mine.csv: read 60 requests" in document
    assert "nothing says what an iteration costs: it is the textbook's" in document


def test_findings_where_all_is_there_at_once_lead_with_the_throughput():
    at_once = load_workload("summarize-burst").served_by("vllm", "orca")
    assert findings(compare(at_once))[0].startswith("Most tokens per second: ")


def test_findings_share_a_win():
    told = findings(compare(load_workload("summarize-burst")))
    assert any("static and dynamic with 34.0 ms; continuous 225 ms (6.6x)" in one for one in told)


# Markdown.


def test_a_fence_is_longer_than_any_within():
    assert fenced("a```b````c").startswith("`````text\n")
    assert fenced("x") == "```text\nx\n```"


def test_texts_and_tables_are_of_one_line_a_row():
    assert plain(" two\n lines ") == "two lines"
    assert table(["", "a"], [["x", "1"]]).splitlines() == [
        "|  | a |",
        "| --- | ---: |",
        "| x | 1 |",
    ]
