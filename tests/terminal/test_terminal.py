"""The real program in a real pseudo-terminal: what a user sees, and what is left behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pexpect
import pyte
import pytest

PATIENCE_SECONDS = 30
ROWS, COLUMNS = 30, 100
_OF_A_TERMINAL = ("COLORTERM", "NO_COLOR", "COLUMNS", "LINES")
PLAIN = {name: value for name, value in os.environ.items() if name not in _OF_A_TERMINAL}
"""The environment without what it says of the terminal that the tests were started from."""


class Terminal:
    """A program in a pseudo-terminal, and the screen that it draws."""

    def __init__(self, arguments: list[str], **environment: str) -> None:
        self.program = pexpect.spawn(
            sys.executable,
            ["-m", "tui_batching", *arguments],
            dimensions=(ROWS, COLUMNS),
            env={**PLAIN, "TERM": "xterm-256color", **environment},
            timeout=PATIENCE_SECONDS,
        )
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""

    def read(self, seconds: float) -> bytes:
        """What the program writes in this time; it is also drawn."""
        fresh, until = b"", time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                fresh += self.program.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
        self.written += fresh
        # pyte does not know the keyboard protocol's private sequences and would print them.
        self.stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", fresh))
        return fresh

    def wait_for(self, seen: Callable[[str], bool]) -> str:
        """The screen's text once it is as expected."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            text = "\n".join(self.screen.display)
            if seen(text):
                return text
            self.read(0.05)
        pytest.fail("the screen stayed at\n" + "\n".join(self.screen.display))

    def wait_until_quiet(self) -> None:
        """Read on until nothing is written for a second and a half."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.read(1.5):
            assert time.monotonic() < until, "it never stops writing"


def clock(text: str) -> float:
    """The playhead in the title bar, in seconds."""
    found = re.search(r"t ([0-9.]+) / 10\.311 s", text)
    return float(found[1]) if found else -1.0


@pytest.fixture(
    params=[{}, {"COLORTERM": "truecolor"}, {"NO_COLOR": "1"}, {"TERM": "linux"}],
    ids=["256-colours", "true-colour", "no-colour", "16-colours"],
)
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The app on `notebook`, in terminals with more and fewer colours."""
    terminal = Terminal([], **request.param)
    yield terminal
    terminal.program.close(force=True)


def test_start_play_step_quit(terminal: Terminal) -> None:
    started = terminal.wait_for(lambda text: "CONTINUOUS" in text and "queue" in text)
    assert all(lane in started for lane in ("STATIC", "DYNAMIC", "notebook"))
    terminal.program.send(" ")
    terminal.wait_for(lambda text: clock(text) > 0.3)
    terminal.program.send(" ")
    terminal.wait_for(lambda text: "‖" in text.splitlines()[0])
    terminal.wait_until_quiet()
    terminal.program.send("\x1b[H")
    terminal.wait_for(lambda text: clock(text) == 0)
    for instant in (0.141, 0.253, 0.273):  # R0 arrives; is prefilled; makes its first token
        terminal.program.send("\x1b[C")
        terminal.wait_for(lambda text, instant=instant: clock(text) == instant)
    terminal.program.send("\x1b[D")
    terminal.wait_for(lambda text: clock(text) == 0.253)
    terminal.program.send("q")
    terminal.read(5)
    terminal.program.wait()
    assert terminal.program.exitstatus == 0
    assert b"Traceback" not in terminal.written
    left = terminal.written[terminal.written.rindex(b"\x1b[?1049l") - 200 :]
    for restored in (b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l"):
        assert restored in left


def test_paused_and_unchanged_it_writes_nothing() -> None:
    terminal = Terminal(["play", "chat", "--theme", "light"])
    terminal.wait_for(lambda text: "CONTINUOUS" in text and "queue" in text)
    terminal.program.send("\x1b[C" * 5)
    terminal.wait_until_quiet()
    assert terminal.read(2) == b""
    terminal.program.close(force=True)


def test_without_a_terminal_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui_batching"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "needs a terminal" in done.stderr


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_while_it_is_resized() -> None:
    server = ["tmux", "-f", "/dev/null", "-L", f"tui-batching-{os.getpid()}"]

    def tmux(*arguments: str) -> str:
        done = subprocess.run(
            [*server, *arguments], env=PLAIN, capture_output=True, text=True, check=False
        )
        return done.stdout

    def shows(*wanted: str) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            text = tmux("capture-pane", "-p")
            if all(part in text for part in wanted):
                return True
            time.sleep(0.2)
        pytest.fail(f"{wanted} did not appear in\n{text}")

    command = f"{sys.executable} -m tui_batching; echo exit=$?; exec cat"
    tmux("new-session", "-d", "-x", "160", "-y", "45", "sh", "-c", command)
    tmux("resize-window", "-x", "160", "-y", "45")  # a detached session may start smaller
    try:
        assert shows("STATIC", "useful slots")
        tmux("send-keys", "Space")
        tmux("resize-window", "-x", "80", "-y", "24")
        assert shows("STATIC · batch 4", "DYNAMIC · 4 · 500ms", "DECODE")
        tmux("resize-window", "-x", "50", "-y", "15")
        assert shows("at least 60 columns")
        tmux("resize-window", "-x", "120", "-y", "36")
        assert shows("STATIC", "useful slots")
        tmux("send-keys", "q")
        assert shows("exit=0")
    finally:
        tmux("kill-server")
