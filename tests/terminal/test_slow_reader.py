"""A terminal that reads slowly loses frames, but neither time nor keys."""

from __future__ import annotations

import os
import select
import shlex
import signal
import sys
import time

import pytest
from terminals import APP, Terminal, clock
from waiting import eventually

ASK, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
BYTES_A_SECOND = 20_000
BYTES_BEHIND = 40_000
"""So much may be on its way when a key is pressed; if no frame were dropped, it would grow."""
PATIENT = """\
import sys
from tui_batching.cli.main import main
from tui_batching.tui import textual_internals
textual_internals._PATIENCE_SECONDS = 60
sys.exit(main([]))
"""
"""The app, but it waits a minute for what the terminal has to answer."""


class SlowTerminal(Terminal):
    """A terminal that reads few bytes a second, and answers or does not."""

    answers = False
    answered = 0
    ready_at = 0.0
    taken = b""

    def take(self, seconds: float) -> bytes:
        pause = min(seconds, max(0.0, self.ready_at - time.monotonic()))
        time.sleep(pause)
        data = bytes(self.program.read_nonblocking(500, timeout=max(0.0, seconds - pause)))
        self.ready_at = max(self.ready_at, time.monotonic() - 0.05) + len(data) / BYTES_A_SECOND
        self.taken += data  # what asks may come in two pieces
        if self.answers:
            self.answer()
        return data

    def answer(self) -> None:
        """Answer all that was asked so far."""
        asked = self.taken.count(ASK)
        self.program.send(ANSWER * (asked - self.answered))
        self.answered = asked


@pytest.mark.parametrize("answers", [False, True])
def test_time_and_keys_are_not_late_where_frames_are_dropped(answers: bool) -> None:
    terminal = SlowTerminal(["play", "--paused", "--fps", "60"], COLORTERM="truecolor")
    terminal.answers = answers
    terminal.wait_until_open()
    terminal.wait_until_quiet()
    began = time.monotonic()
    terminal.program.send("+ ")
    terminal.wait_for(lambda text: clock(text) > 0)
    playing = time.monotonic()
    seen: set[float] = set()
    while clock(terminal.text) < 3:
        terminal.read(0.01)
        seen.add(clock(terminal.text))
    assert len(seen) < 3 * 60
    pressed, written = time.monotonic(), len(terminal.written)
    terminal.program.send(" ")
    then = clock(terminal.wait_for(lambda text: "PAUSED" in text.splitlines()[0]))
    assert len(terminal.written) - written < BYTES_BEHIND
    assert (pressed - playing) / 2 < then < time.monotonic() - began
    terminal.program.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.unrestored() == []


def test_no_answer_of_the_terminal_is_left_for_the_shell() -> None:
    terminal = SlowTerminal.of([sys.executable, "-c", PATIENT], COLORTERM="truecolor")
    terminal.answers = True
    terminal.wait_until_open()
    terminal.wait_for(lambda text: clock(text) > 0.2)
    terminal.answers = False
    terminal.wait_for(lambda _: terminal.taken.count(ASK) >= terminal.answered + 2)
    terminal.program.send("q")
    terminal.read(0.3)  # in which it would leave
    assert terminal.program.isalive()
    assert b"\x1b[?1049l" not in terminal.written
    terminal.answer()
    assert terminal.wait_for_end() == 0
    assert terminal.unrestored() == []


def test_it_ends_on_a_terminal_that_reads_nothing_more() -> None:
    line = f"tty; exec {shlex.join([*APP, 'play', '--fps', '60'])}"
    terminal = Terminal.of(["sh", "-c", line], COLORTERM="truecolor")
    terminal.wait_until_open()
    device = terminal.written.split()[0].decode()
    assert eventually(lambda: not any(takes_more(device) for _ in range(25)))
    terminal.program.kill(signal.SIGTERM)
    assert eventually(lambda: not terminal.program.isalive())
    assert terminal.program.exitstatus == 128 + signal.SIGTERM


def takes_more(device: str) -> bool:
    """Whether a terminal has room for what a program writes, soon."""
    writer = os.open(device, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return bool(select.select([], [writer], [], 0.01)[1])
    finally:
        os.close(writer)
