"""Recording the app without a terminal: what the cast shows, and that it is always the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest
from command_line import CHECKOUT, PROGRAM, complaint
from rich.style import Style
from textual.app import active_app
from waiting import eventually

from tui_batching.__main__ import main
from tui_batching.clock import HORIZON, MILLISECOND
from tui_batching.tour import presentation
from tui_batching.tui.recorder import Take, record
from tui_batching.tui.views.live import LiveView
from tui_batching.workload import load_workload

DECK = """\
title: A talk
chapters:
  - {title: Today, text: Four at a time., workload: illustrative}
  - title: Tomorrow
    text: Who is done leaves.
    set: {batch_size: 2}
    at: 1s
    speed: 2
    play: true
  - {title: A sweep, text: Latency takes off., workload: notebook-load, view: load}
"""
SLOW = """\
import random, sys, time
from tui_batching.tui import panes, simulator

def slowly(work):
    def late(*given):
        time.sleep(random.uniform(0, 0.05))
        return work(*given)
    return late

simulator.build_scene = slowly(simulator.build_scene)
panes.draw = slowly(panes.draw)
from tui_batching.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""
"""The program on a machine that takes its time."""


class Cast:
    """A cast, read as players of casts do."""

    def __init__(self, text: str) -> None:
        header, *events = text.splitlines()
        self.header: dict[str, Any] = json.loads(header)
        self.events: list[tuple[float, str, str]] = [tuple(json.loads(line)) for line in events]

    def played(self) -> Iterator[tuple[float, pyte.Screen]]:
        """The screen after each event."""
        screen = pyte.Screen(self.header["width"], self.header["height"])
        stream = pyte.Stream(screen)
        for seconds, _, text in self.events:
            stream.feed(text)
            yield seconds, screen

    def seen_at(self, instant: float) -> str:
        """What is on the screen so many seconds after the beginning."""
        seen = ""
        for seconds, screen in self.played():
            if seconds > instant:
                break
            seen = "\n".join(screen.display)
        return seen


def recorded(capsys: pytest.CaptureFixture[str], *arguments: str) -> Cast:
    """The cast that the program prints."""
    assert main(["record", *arguments, "-o", "-"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return Cast(captured.out)


@pytest.fixture
def deck(tmp_path: Path) -> str:
    file = tmp_path / "talk.yaml"
    file.write_text(DECK)
    return str(file)


def test_a_terminal_that_plays_it_shows_what_the_app_does():
    screen, compared = pyte.Screen(100, 30), 0
    stream = pyte.Stream(screen)

    def compare(_: float, text: str) -> None:
        nonlocal compared
        stream.feed(text)
        app = active_app.get()
        for row, strip in enumerate(app.screen._compositor.render_strips()):
            assert screen.display[row] == strip.text
            cells = (each for text, style, _ in strip for each in [style or Style()] * len(text))
            for column, wanted in enumerate(cells):
                cell = screen.buffer[row][column]
                assert (cell.fg, cell.bg) == (colour(wanted.color), colour(wanted.bgcolor))
                assert (cell.bold, cell.reverse) == (bool(wanted.bold), bool(wanted.reverse))
        compared += 1

    take = Take(load_workload("illustrative"), "", (100, 30), seconds=2)
    assert record(take, compare, lambda *_: None) == []
    assert compared == 21


def colour(wanted: Any) -> str:
    """A colour as pyte calls it."""
    return "default" if wanted is None else wanted.get_truecolor().hex.removeprefix("#")


def test_it_tells_nothing_of_when_and_where_it_was_made(capsys: pytest.CaptureFixture[str]):
    cast = recorded(capsys, "illustrative", "--seconds", "1", "--size", "80x24")
    assert cast.header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "title": "tui-batching: illustrative",
        "env": {"TERM": "xterm-256color"},
    }


def test_the_cursor_is_hidden_until_the_end(capsys: pytest.CaptureFixture[str]):
    cast = recorded(capsys, "illustrative", "--seconds", "1.5")
    hidden = [(seconds, screen.cursor.hidden) for seconds, screen in cast.played()]
    assert hidden[-1] == (1.5, False)
    assert hidden[:-1] == [(tenth / 10, True) for tenth in range(15)]
    assert cast.events[0][2].startswith("\x1b[?25l")


@pytest.mark.parametrize(("arguments", "rate"), [((), 10), (("--fps", "4"), 4)])
def test_it_plays_at_the_speed_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], rate: int
):
    cast = recorded(capsys, "illustrative", "--seconds", "2", "--speed", "2", *arguments)
    assert "t 0.000 / 2.510 s" in cast.seen_at(0)
    assert "t 1.000 / 2.510 s" in cast.seen_at(0.5)
    assert "2x playing" in cast.seen_at(0.5)
    assert "t 2.510 / 2.510 s" in cast.seen_at(2)
    assert all((seconds * rate).is_integer() for seconds, *_ in cast.events)


def test_the_first_picture_is_whole(capsys: pytest.CaptureFixture[str]):
    first = recorded(capsys, "--size", "160x45", "--seconds", "0.1").seen_at(0)
    for seen in ("STATIC", "DYNAMIC", "CONTINUOUS", "nothing has run yet", "space"):
        assert seen in first


def test_a_changed_workload_is_recorded(capsys: pytest.CaptureFixture[str]):
    changed = ("--strategies", "continuous,static", "--set", "batch_size=3", "--ascii")
    cast = recorded(capsys, "notebook", *changed, "--seconds", "3", "--theme", "light")
    seen = cast.seen_at(2.5)
    assert seen.isascii()
    assert 0 < seen.index("CONTINUOUS") < seen.index("STATIC")
    assert "batch 3" in seen
    assert "DYNAMIC" not in seen


def test_a_chapter_is_recorded_with_its_text(
    capsys: pytest.CaptureFixture[str], deck: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    cast = recorded(capsys, deck, "--chapter", "2", "--seconds", "1", "--size", "120x30")
    assert cast.header["title"] == "A talk: Tomorrow"
    for seen in ("Tomorrow", "2/3", "Who is done leaves.", "batch 2", "t 1.000 / "):
        assert seen in cast.seen_at(0)
    assert "t 1.600 / " in cast.seen_at(0.3)
    assert not (tmp_path / "runtime").exists()


AS_TOLD = """\
chapters:
  - title: Stops
    text: Watch.
    then: It has stopped.
    workload: illustrative
    until: 1s
    play: false
  - {title: Loops, text: Again., at: 0.5s, loop: [1s, 1.5s]}
  - {title: Stays, text: A picture., at: 1s}
  - {title: Is over, text: Too late., loop: [50s, 60s]}
"""


@pytest.mark.parametrize(
    ("chapter", "seen", "at_the_end"),
    [
        ("1", ["t 0.500 /", "t 1.000 /", "t 1.000 /"], "It has stopped."),
        ("2", ["t 1.000 /", "t 1.000 /", "t 1.000 /"], "playing"),
        ("3", ["t 1.000 /", "t 1.000 /", "t 1.000 /"], "A picture."),
        ("4", ["t 2.510 /", "t 2.510 /", "t 2.510 /"], "Too late."),
    ],
)
def test_a_chapter_is_recorded_as_it_is_told(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    chapter: str,
    seen: list[str],
    at_the_end: str,
):
    file = tmp_path / "told.yaml"
    file.write_text(AS_TOLD)
    cast = recorded(capsys, str(file), "--chapter", chapter, "--seconds", "3.2", "--size", "120x30")
    for second, told in enumerate(seen, start=1):
        assert told in cast.seen_at(second)
    assert at_the_end in cast.seen_at(3.2)
    assert ("It has stopped." in cast.seen_at(1)) is False


def test_speaker_notes_do_not_follow_a_recording(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(presentation, "_private_folder", fail)
    assert "1/" in recorded(capsys, "--chapter", "1", "--seconds", "0.1").seen_at(0)


@pytest.mark.parametrize("arguments", [["notebook"], ["{deck}", "--chapter", "3"]])
def test_it_is_the_same_wherever_and_however_slowly_it_is_made(
    capsys: pytest.CaptureFixture[str], deck: str, arguments: list[str]
):
    words = ["record", *(word.format(deck=deck) for word in arguments), "--seconds", "2", "-o", "-"]
    assert main([*words, "--size", "120x40"]) == 0
    elsewhere = {
        "PYTHONHASHSEED": "7",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22",
        "COLUMNS": "61",
        "LC_ALL": "C.UTF-8",
    }
    slowly = subprocess.run(
        [sys.executable, "-c", SLOW, *words, "--size", "120x40"],
        capture_output=True,
        cwd=CHECKOUT,
        env=os.environ | elsewhere,
        check=True,
    )
    assert Cast(slowly.stdout.decode()).events == Cast(capsys.readouterr().out).events


def test_what_is_to_doubt_is_told_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "long.yaml"
    file.write_text(
        "requests: [{arrival_time: 0, input_tokens: 9000, output_tokens: 3}]\n"
        "cost: h100-llama-3-8b\n"
    )
    assert main(["record", str(file), "--seconds", "0.5", "-o", "-"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("tui-batching: warning: ")
    assert "h100-llama-3-8b" in captured.err
    assert "holds for contexts" not in Cast(captured.out).seen_at(0.4)  # no notification


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--size", "59x20"), "--size: found 59x20, expected columns and rows from 60x20"),
        (("--size", "60x19"), "60x20 to 1000x1000"),
        (("--size", "1001x30"), "60x20 to 1000x1000"),
        (("--size", "100"), "such as 100x30"),
        (("--size", "100x٣٠"), "such as 100x30"),
        (("--seconds", "0"), "--seconds: found 0, expected a number > 0"),
        (("--seconds", "nan"), "--seconds"),
        (("--seconds", "3601"), "<= 3600"),
        (("--speed", "0"), "--speed: found 0, expected a number > 0"),
        (("--speed", "262145"), "<= 262144"),
        (("--fps", "61"), "--fps: found 61, expected a whole number <= 60"),
        (("--theme", "pink"), "--theme"),
        (("--chapter", "0"), "--chapter: found 0, expected a whole number >= 1"),
        (("--chapter", "999"), "--chapter: found 999, expected a whole number <= "),
        (("--chapter", "1", "--set", "batch_size=2"), "--set, --slo and --strategies"),
        (("--chapter", "1", "--strategies", "static"), "--set, --slo and --strategies"),
        (("no-such.yaml", "--chapter", "1"), "no-such.yaml"),
        (
            ("illustrative", "--chapter", "2"),
            "illustrative: found a workload, expected a deck, which present and record --chapter",
        ),
    ],
)
def test_bad_usage_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
):
    assert words in complaint(capsys, "record", "-o", "-", *arguments)


def test_a_deck_without_the_number_of_a_chapter_is_told_to_be_one(
    capsys: pytest.CaptureFixture[str], deck: str
):
    told = complaint(capsys, "record", "-o", "-", deck)
    assert f"{deck}: found a deck, expected a workload" in told
    assert "record --chapter N" in told
    assert f"{deck}: found a deck, expected a workload" in complaint(capsys, "compare", deck)


def test_what_cannot_be_simulated_is_told_and_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, cast = tmp_path / "late.yaml", tmp_path / "late.cast"
    late = f"{HORIZON // MILLISECOND}ms"
    file.write_text(f"requests: [{{arrival_time: {late}, input_tokens: 1, output_tokens: 9}}]\n")
    assert "beyond the clock" in complaint(capsys, "record", str(file), "-o", str(cast))
    assert not cast.exists()


def test_a_mistake_of_our_own_ends_it_without_a_cast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object) -> None:
        raise RuntimeError("our own mistake")

    monkeypatch.setattr(LiveView, "show_words", fail)
    assert main(["record", "-o", str(tmp_path / "never.cast")]) == 1
    assert "our own mistake" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


ENDLESS = """\
import sys, time
from tui_batching.tui import simulator

def build(*_):
    print("begun", flush=True, file=sys.__stdout__)
    while True:
        time.sleep(0.01)

simulator.build_scene = build
from tui_batching.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""
"""The program with a simulation that never ends."""


@pytest.mark.parametrize(
    ("program", "ending"),
    [(PROGRAM, signal.SIGINT), ((sys.executable, "-c", ENDLESS), signal.SIGTERM)],
    ids=["playing", "simulating"],
)
def test_one_that_is_interrupted_leaves_nothing(
    tmp_path: Path, program: tuple[str, ...], ending: signal.Signals
):
    process = subprocess.Popen(
        [*program, "record", "--seconds", "3600", "-o", str(tmp_path / "long.cast")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stdout is not None
    if ENDLESS in program:
        process.stdout.readline()
    else:
        assert eventually(lambda: any(file.stat().st_size for file in tmp_path.iterdir()))
    process.send_signal(ending)
    assert process.communicate() == (b"", b"")
    assert process.returncode == 128 + ending
    assert list(tmp_path.iterdir()) == []
