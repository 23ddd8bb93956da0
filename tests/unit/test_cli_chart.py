"""`chart` on the command line; how each chart is drawn is tested with the charts."""

from __future__ import annotations

import re

import pytest
from command_line import complaint, shell

from tui_batching.__main__ import main
from tui_batching.charts.gallery import CHARTS, SCENE_CHARTS, SWEEP_CHARTS, TEXT_CHARTS

SIZED_CHARTS = [*SCENE_CHARTS, *SWEEP_CHARTS]
EACH_SIZED = pytest.mark.parametrize("chart", SIZED_CHARTS)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines of a chart."""
    assert main(["chart", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_the_help_tells_of_every_chart(capsys: pytest.CaptureFixture[str]):
    assert main(["chart", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, chart in CHARTS.items():
        [line] = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.endswith(f"  {chart.shows}")


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("chart", TEXT_CHARTS)
def test_what_is_told_takes_as_many_rows_as_it_needs(
    capsys: pytest.CaptureFixture[str], chart: str, width: int
):
    lines = printed(capsys, chart, "illustrative", "--width", str(width))
    words = " ".join(lines)
    assert 24 < len(lines) < 100
    assert max(map(len, lines)) <= width
    assert "…" not in words
    for told in ("static", "dynamic", "continuous", "★"):
        assert told in words
    plain = printed(capsys, chart, "illustrative", "--width", str(width), "--ascii")
    assert [*map(len, plain)] == [*map(len, lines)]
    assert "".join(plain).isascii()


def test_what_is_told_is_what_the_app_tells(capsys: pytest.CaptureFixture[str]):
    metrics = " ".join(printed(capsys, "metrics", "illustrative"))
    for told in ("Mean latency", "Where the mean latency went", "p99 latency", "useful"):
        assert told in metrics
    lesson = " ".join(printed(capsys, "learn", "illustrative"))
    for told in ("What is said of them", "hold on illustrative, 6 requests", "Where to read on"):
        assert told in lesson


@EACH_SIZED
def test_a_chart_is_plain_text_of_80_by_24(capsys: pytest.CaptureFixture[str], chart: str):
    lines = printed(capsys, chart, "illustrative")
    assert 6 <= len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)
    words = " ".join(lines).lower()
    for strategy in ("static", "dynamic", "continuous"):
        assert strategy in words


@EACH_SIZED
def test_a_chart_has_the_size_that_is_asked_for(capsys: pytest.CaptureFixture[str], chart: str):
    lines = printed(capsys, chart, "illustrative", "--width", "110", "--height", "30")
    assert 90 < max(map(len, lines)) <= 110
    assert len(lines) <= 30


def test_a_chart_tells_the_instant(capsys: pytest.CaptureFixture[str]):
    early = printed(capsys, "latency", "--at", "2.1s")
    before = printed(capsys, "latency", "--at", "0s")
    assert "no answers yet" in " ".join(before)
    assert early != printed(capsys, "latency") == printed(capsys, "latency", "--at", "1h")


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"COLORTERM": "truecolor"}, "38;2;"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, "38;5;"),
        ({"TERM": "xterm", "COLORTERM": ""}, "[3"),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, None),
    ],
)
def test_colours_are_those_of_the_terminal(environment: dict[str, str], code: str | None):
    done = shell("$P chart latency", FORCE_COLOR="1", **environment)
    found = set(re.findall(r"\x1b(\[3(?:8;.;)?)", done.stdout))
    assert found - {"[3"} <= {f"[{code}"}
    assert bool(found) == (code is not None)


def test_a_pipe_gets_no_colour_and_the_terminals_width():
    done = shell("$P chart latency", COLUMNS="50", LINES="12")
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    assert (len(lines), max(map(len, lines))) == (12, 50)


def test_a_sweep_is_of_a_workload_made_for_it_unless_one_is_named(
    capsys: pytest.CaptureFixture[str],
):
    assert printed(capsys, "frontier") == printed(capsys, "frontier", "notebook-load")
    assert printed(capsys, "frontier") != printed(capsys, "frontier", "notebook")


def test_a_theme_colours_the_chart():
    light, dark = (
        shell(f"$P chart latency --theme {name}", FORCE_COLOR="1", COLORTERM="truecolor").stdout
        for name in ("light", "dark")
    )
    plain = [re.sub(r"\x1b\[[\d;]*m", "", text) for text in (light, dark)]
    assert light != dark
    assert plain[0] == plain[1]


def test_where_only_ascii_goes_a_chart_is_drawn_with_that():
    done = shell("$P chart gantt illustrative", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "####//" in done.stdout
    assert done.stdout == shell("$P chart gantt illustrative --ascii").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "CHART"),
        (("pie",), "'pie'"),
        (("latency", "no-such-workload"), "no-such-workload"),
        (("latency", "--set", "batch_size=0"), "batch_size"),
        (("latency", "--width", "10"), "--width: found 10, expected a whole number >= 40"),
        (("latency", "--width", "5000"), "--width"),
        (("latency", "--height", "many"), "--height: found 'many'"),
        (("latency", "--height", "9"), "expected a whole number >= 10"),
        (("load", "--at", "2s"), "--at: found with load, expected with live, gantt, slots"),
        (("learn", "--at", "2s"), "--at: found with learn, expected with live, gantt, slots"),
        (("metrics", "--height", "40"), "--height: found with metrics, expected with live, gantt"),
        (("frontier", "summarize-burst"), "arrive at once, so there is no load to vary"),
        (("latency", "--at", "soon"), "--at: found 'soon'"),
        (("latency", "--at=-1s"), "--at: found -1s"),
        (("latency", "--theme", "plaid"), "--theme: found 'plaid', expected one of dark"),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
):
    assert words in complaint(capsys, "chart", *arguments)


def test_a_reader_that_never_was_is_no_error():
    done = shell("$P chart latency | sleep 0")
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_rows_of_the_gantt_are_chosen() -> None:
    for rows, first in (("requests", "R0 "), ("slots", "    0 ")):
        out = shell(f"$P chart gantt illustrative --rows {rows} --width 90 --height 30").stdout
        assert out.splitlines()[2].startswith(first)
        assert "m " not in out.splitlines()[0]
    refused = shell("$P chart slots --rows slots")
    assert refused.returncode == 2
    assert refused.stderr == "tui-batching: --rows: found with slots, expected with gantt\n"


@pytest.mark.parametrize("engine", ["vllm", "sglang", "orca", "tgi"])
@pytest.mark.parametrize("chart", SCENE_CHARTS)
def test_a_single_slot_is_told_as_one(capsys: pytest.CaptureFixture[str], chart: str, engine: str):
    few = ("--set", "batch_size=1", "--strategies", engine)
    words = " ".join(printed(capsys, chart, "notebook", *few, "--width", "120"))
    assert not re.search(r"\b1( more)? slots\b", words)
    assert ("1 slot" in words) is (chart != "latency"), "whose head has names alone"
