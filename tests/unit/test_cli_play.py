"""Opening the app from the command line: with what it is opened, and when it is not."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TypeAlias

import pytest
from command_line import shell

from tui_batching.__main__ import main
from tui_batching.cli import terminal
from tui_batching.config import Config
from tui_batching.tui.drawing_options import DrawingOptions
from tui_batching.workload import Workload

Opened: TypeAlias = tuple[Workload, Config, int | None, DrawingOptions, bool]
"""What is played, how, a tick, how often it is drawn, and whether it plays at once."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """What the app was opened with, in place of the app."""
    calls: list[Opened] = []
    app = ModuleType("tui_batching.tui.app")
    app.run_app = lambda *given, plays: calls.append((*given, plays))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui_batching.tui.app", app)
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    return calls


def test_without_a_command_the_app_opens_on_the_notebook(opened: list[Opened]):
    assert main([]) == 0
    [(workload, config, *_, plays)] = opened
    assert (workload.name, config.theme, plays) == ("notebook", None, True)


def test_play_opens_a_changed_workload_in_a_theme(opened: list[Opened]):
    assert main(["play", "chat", "--set", "batch_size=8", "--theme", "light"]) == 0
    [(workload, config, *_)] = opened
    assert (workload.name, config.theme) == ("chat", "light")
    assert {strategy.batch_size for strategy in workload.strategies} == {8}


@pytest.mark.parametrize("command", ["", "play", "present", "present --notes"])
def test_the_app_needs_a_terminal(command: str):
    done = shell(f"$P {command} < /dev/null")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "needs a terminal" in done.stderr


def test_play_takes_the_length_of_a_tick(opened: list[Opened]):
    assert main(["play", "--tick", "0.5ms"]) == 0
    [(_, _, tick, *_)] = opened
    assert tick == 500_000_000


def test_play_waits_for_somebody_to_begin_if_asked_to(opened: list[Opened]):
    assert main(["play", "--paused"]) == 0
    assert [plays for *_, plays in opened] == [False]


@pytest.mark.parametrize("tick", ["0ms", "soon", "-1s"])
def test_a_tick_that_is_none_is_refused(
    opened: list[Opened], tick: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["play", f"--tick={tick}"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("tui-batching: --tick: found ")
    assert not opened


@pytest.mark.parametrize(
    ("arguments", "connection", "frames", "charts", "few_colours"),
    [
        ([], None, 10, 1, False),
        ([], "10.0.0.1 1 10.0.0.2 22", 5, 1, True),
        (["play", "--low-bandwidth"], None, 5, 1, True),
        (["play", "--fps", "1"], None, 1, 1, False),
        (["play", "--low-bandwidth", "--fps", "60"], None, 60, 1, True),
    ],
)
def test_it_is_drawn_less_often_over_a_network(
    opened: list[Opened],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    connection: str | None,
    frames: int,
    charts: float,
    few_colours: bool,
):
    if connection:
        monkeypatch.setenv("SSH_CONNECTION", connection)
    assert main(arguments) == 0
    [(*_, pace, _)] = opened
    assert (pace.frames, pace.charts, pace.few_colours) == (frames, charts, few_colours)
    assert pace.words <= frames


@pytest.mark.parametrize("frames", ["0", "61", "2.5", "-1", "many", "", "1e1", "٣"])
def test_a_number_of_frames_that_nobody_can_draw_is_refused(
    opened: list[Opened], frames: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["play", f"--fps={frames}"]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert "expected a whole number" in sentence
    assert not opened
