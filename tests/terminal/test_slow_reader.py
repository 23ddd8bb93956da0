"""A terminal that reads slowly loses frames, but neither time nor keys."""

from __future__ import annotations

import signal
import time

import pytest
from terminals import PATIENCE_SECONDS, Terminal, clock

ASK, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
BYTES_A_SECOND = 20_000
GENEROUS_SECONDS = 2.0
"""Of delay, where a machine that does nothing else sees a few tenths."""


class SlowTerminal(Terminal):
    """A terminal that reads few bytes a second, and answers or does not."""

    answers = False
    waiting = 0
    ready_at = 0.0

    def take(self, seconds: float) -> bytes:
        pause = min(seconds, max(0.0, self.ready_at - time.monotonic()))
        time.sleep(pause)
        data = bytes(self.program.read_nonblocking(500, timeout=max(0.0, seconds - pause)))
        self.ready_at = max(self.ready_at, time.monotonic() - 0.05) + len(data) / BYTES_A_SECOND
        if self.answers:
            self.waiting += data.count(ASK)
            while self.waiting:
                self.program.send(ANSWER)
                self.waiting -= 1
        return data


@pytest.mark.parametrize("answers", [False, True])
def test_time_and_keys_are_not_late_where_frames_are_dropped(answers: bool) -> None:
    terminal = SlowTerminal(["play", "--fps", "60"], COLORTERM="truecolor")
    terminal.answers = answers
    terminal.wait_until_open()
    terminal.wait_until_quiet()
    terminal.program.send("+ ")
    began = time.monotonic()
    seen: set[float] = set()
    while time.monotonic() < began + 3:
        terminal.read(0.01)
        seen.add(clock(terminal.text))
    assert clock(terminal.text) == pytest.approx(time.monotonic() - began, abs=GENEROUS_SECONDS)
    assert len(seen) < 3 * 60
    terminal.program.send(" ")
    pressed = time.monotonic() - began
    then = clock(terminal.wait_for(lambda text: "‖" in text.splitlines()[0]))
    assert then == pytest.approx(pressed, abs=GENEROUS_SECONDS)
    assert time.monotonic() - began - pressed < GENEROUS_SECONDS
    terminal.program.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.unrestored() == []


def test_no_answer_of_the_terminal_is_left_for_the_shell() -> None:
    terminal = SlowTerminal([], COLORTERM="truecolor")
    terminal.answers = True
    terminal.wait_until_open()
    terminal.program.send(" ")
    terminal.wait_for(lambda text: clock(text) > 0.2)
    terminal.answers = False
    asked = terminal.written.count(ASK)
    terminal.program.send("q")
    terminal.read(0.3)
    late = terminal.written.count(ASK) - asked
    assert late
    assert terminal.program.isalive()
    terminal.program.send(ANSWER * late)
    assert terminal.wait_for_end() == 0
    assert terminal.written.count(ASK) == asked + late


def test_it_ends_on_a_terminal_that_reads_nothing_more() -> None:
    terminal = Terminal(["play", "--fps", "60"], COLORTERM="truecolor")
    terminal.wait_until_open()
    terminal.program.send("+ ")
    time.sleep(3)
    terminal.program.kill(signal.SIGTERM)
    until = time.monotonic() + PATIENCE_SECONDS
    while terminal.program.isalive() and time.monotonic() < until:
        time.sleep(0.1)
    assert terminal.program.exitstatus == 128 + signal.SIGTERM
