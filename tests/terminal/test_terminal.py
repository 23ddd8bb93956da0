"""The real program in a real pseudo-terminal: what a user sees, and what is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from terminals import PLAIN, Terminal, clock
from waiting import eventually

from tui_batching.tui.views import VIEWS


@pytest.fixture(
    params=[{}, {"TERM": "linux"}],
    ids=["256-colours", "16-colours"],
)
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The app on `notebook`, in terminals with more and fewer colours."""
    terminal = Terminal([], **request.param)
    yield terminal
    terminal.close()


def test_start_pause_step_quit(terminal: Terminal) -> None:
    parts = ("STATIC", "DYNAMIC", "CONTINUOUS", "notebook")
    terminal.wait_for(lambda text: all(part in text for part in parts))
    terminal.wait_for(lambda text: clock(text) > 0.3)
    terminal.program.send(" ")
    terminal.wait_for(lambda text: "PAUSED" in text.splitlines()[0])
    terminal.program.send("\x1b[H")
    terminal.wait_for(lambda text: clock(text) == 0)
    for instant in (0.141, 0.253, 0.273):  # R0 arrives; is prefilled; makes its first token
        terminal.program.send("\x1b[C")
        terminal.wait_for(lambda text, instant=instant: clock(text) == instant)
    terminal.program.send("\x1b[D")
    terminal.wait_for(lambda text: clock(text) == 0.253)
    terminal.program.send("q")
    assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.written
    assert terminal.unrestored() == []


def test_it_plays_by_itself_unless_it_is_to_wait() -> None:
    still = Terminal(["play", "--paused"])
    still.wait_until_open()
    still.wait_until_quiet()
    moving = Terminal([])
    assert clock(moving.wait_until_open()) > 0  # not through a time in which nobody is there
    first_row = moving.wait_for(lambda text: clock(text) > 1).splitlines()[0]
    assert "▶ 0.5x playing" in first_row
    assert still.read(0.1) == b""
    assert "PAUSED" in still.text.splitlines()[0]
    assert clock(still.text) == 0
    moving.close()
    still.close()


def test_the_keypad_turns_the_speed_whatever_the_terminal_sends_for_it() -> None:
    terminal = Terminal([])
    terminal.wait_until_open()
    # As signs; as an application's keypad; by kitty's keyboard protocol.
    for plus, minus in (("+", "-"), ("\x1bOk", "\x1bOm"), ("\x1b[57413u", "\x1b[57412u")):
        terminal.program.send(plus)
        terminal.wait_for(lambda text: " 1x" in text.splitlines()[0])
        terminal.program.send(minus)
        terminal.wait_for(lambda text: " 0.5x" in text.splitlines()[0])
    terminal.close()


def test_paused_and_unchanged_it_writes_nothing() -> None:
    terminal = Terminal(["play", "chat", "--theme", "light"])
    terminal.wait_until_open()
    terminal.program.send("\x1b[C" * 5)
    for view in VIEWS:
        terminal.open_view(view.key)
        terminal.wait_until_quiet()
    terminal.close()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_while_it_is_resized() -> None:
    server = ["tmux", "-f", "/dev/null", "-L", f"tui-batching-{os.getpid()}"]

    def tmux(*arguments: str) -> str:
        done = subprocess.run(
            [*server, *arguments], env=PLAIN, capture_output=True, text=True, check=False
        )
        return done.stdout

    def wait_for(*wanted: str) -> None:
        shown = eventually(lambda: all(part in tmux("capture-pane", "-p") for part in wanted))
        assert shown, tmux("capture-pane", "-p")

    command = f"{sys.executable} -m tui_batching; echo exit=$?; exec cat"
    tmux("new-session", "-d", "-x", "160", "-y", "45", "sh", "-c", command)
    tmux("resize-window", "-x", "160", "-y", "45")  # a detached session may start smaller
    try:
        wait_for("STATIC", "useful slots")
        tmux("resize-window", "-x", "80", "-y", "24")
        wait_for("━ STATIC batch 4 ━━", "━ DYNAMIC batch 4 · 500 ms", "THE RACE")
        tmux("resize-window", "-x", "50", "-y", "15")
        wait_for("at least 60 columns")
        tmux("resize-window", "-x", "120", "-y", "36")
        wait_for("STATIC", "useful slots")
        tmux("send-keys", "q")
        wait_for("exit=0")
    finally:
        tmux("kill-server")
