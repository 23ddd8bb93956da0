"""However the app is left, the terminal is as it was before, and the exit code tells why."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from terminals import APP, MODES, PLAIN, Terminal, clock
from waiting import PATIENCE_SECONDS, eventually

SHELL = ["sh", "-i"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_it_as_quitting_does(number: signal.Signals, code: int) -> None:
    terminal = Terminal([])
    terminal.wait_until_open()
    assert set(terminal.unrestored()) == set(MODES)
    terminal.wait_for(lambda text: clock(text) > 0.2)
    terminal.program.kill(number)
    assert terminal.wait_for_end() == code
    assert terminal.unrestored() == []
    assert b"Traceback" not in terminal.written


def test_a_mistake_of_our_own_is_shown_on_a_restored_terminal(tmp_path: Path) -> None:
    program = tmp_path / "mistaken.py"
    program.write_text(
        "import sys\n"
        "from tui_batching.cli.main import main\n"
        "from tui_batching.tui.main_screen import MainScreen\n"
        "def mistake(self): raise ZeroDivisionError('by mistake')\n"
        "MainScreen.action_home = mistake\n"
        "sys.exit(main([]))\n"
    )
    terminal = Terminal.of([sys.executable, str(program)])
    terminal.wait_until_open()
    terminal.program.send("\x1b[H")
    assert terminal.wait_for_end() == 1
    assert terminal.unrestored() == []
    assert terminal.written.rindex(b"by mistake") > terminal.written.rindex(b"\x1b[?1049l")


def test_ctrl_z_goes_back_to_the_shell_and_fg_to_the_app() -> None:
    terminal = Terminal.of(SHELL)
    terminal.program.send(f"{shlex.join(APP)}\n")
    terminal.wait_until_open()
    terminal.wait_for(lambda text: clock(text) > 0.2)
    terminal.program.send("\x1a")
    terminal.wait_until_written(b"Stopped")
    assert terminal.unrestored() == []
    terminal.program.send("stty -a; echo in the $((40 + 2))nd shell\n")
    terminal.wait_until_written(b"in the 42nd shell")
    assert b" icanon " in terminal.written
    assert b" echo " in terminal.written
    terminal.screen.reset()
    terminal.written = b""
    terminal.program.send("fg; echo left=$?\n")
    then = clock(terminal.wait_until_open())
    terminal.wait_for(lambda text: clock(text) > then + 0.2)
    assert set(terminal.unrestored()) == set(MODES)
    terminal.program.send("q")
    terminal.wait_until_written(b"left=0")
    assert terminal.unrestored() == []
    terminal.close()


def test_ctrl_z_without_a_shell_to_go_back_to_changes_nothing() -> None:
    terminal = Terminal([])
    terminal.wait_until_open()
    terminal.program.send("\x1a")
    terminal.wait_until_written(b"\x1b[?1049l")
    terminal.program.send(" ")
    then = clock(terminal.wait_for(lambda text: "PAUSED" in text.splitlines()[0]))
    terminal.program.send(" ")
    terminal.wait_for(lambda text: clock(text) > then + 0.2)
    terminal.program.send("q")
    assert terminal.wait_for_end() == 0


def test_it_does_not_outlive_its_terminal() -> None:
    terminal = Terminal([])
    terminal.wait_until_open()
    terminal.wait_for(lambda text: clock(text) > 0.2)
    os.close(terminal.program.child_fd)
    assert ends(terminal.program.pid)


@pytest.mark.parametrize("arguments", [["play", "--paused"], []], ids=["paused", "playing"])
def test_it_does_not_outlive_its_terminal_even_if_nobody_sends_a_signal(
    arguments: list[str],
) -> None:
    ours, its = os.openpty()
    environment = {**PLAIN, "TERM": "xterm-256color"}
    program = subprocess.Popen(
        [*APP, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment,
        start_new_session=True,
    )
    os.close(its)
    written = b""
    while b"CONTINUOUS" not in written:
        written += os.read(ours, 65536)
    os.close(ours)
    assert program.wait(PATIENCE_SECONDS) == 129


def ends(process: int) -> bool:
    """Whether a child ends within our patience."""
    return eventually(lambda: os.waitpid(process, os.WNOHANG)[0] == process)


# Where there is no terminal.


@pytest.mark.parametrize(
    ("redirection", "named"),
    [
        ("< /dev/null", "standard input is none"),
        ("> {}/out", "standard output is none"),
        ("2> {}/out", ""),
        ("<&-", "standard input is none"),
        (">&-", "standard output is none"),
        ("2>&-", ""),
        ("< /dev/null > {}/out", "standard input and output are none"),
    ],
)
def test_a_stream_that_is_no_terminal_is_told(redirection: str, named: str, tmp_path: Path) -> None:
    redirection = redirection.format(shlex.quote(str(tmp_path)))
    terminal = Terminal.of(["sh", "-c", f"{shlex.join(APP)} {redirection}"])
    assert terminal.wait_for_end() == 2
    assert terminal.unrestored() == []
    said = terminal.written.decode()
    assert said.count("\n") == (1 if named else 0)
    assert named in said
    if (tmp_path / "out").exists() and not named:
        assert "standard error is none" in (tmp_path / "out").read_text()


def test_a_terminal_that_cannot_draw_is_told() -> None:
    terminal = Terminal([], TERM="dumb")
    assert terminal.wait_for_end() == 2
    [sentence] = terminal.written.decode().splitlines()
    assert "found TERM=dumb" in sentence
