"""Programs in pseudo-terminals, and the screens that they draw."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable

import pexpect
import pyte
import pytest
from waiting import PATIENCE_SECONDS

ROWS, COLUMNS = 30, 100
_OF_A_TERMINAL = {"COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "SSH_CONNECTION", "TMUX", "STY"}
_OF_A_LOCALE = {"LC_ALL", "LC_CTYPE", "LANG"}
_OTHERS = os.environ.keys() - _OF_A_TERMINAL - _OF_A_LOCALE
PLAIN = {**{name: os.environ[name] for name in _OTHERS}, "LANG": "C.UTF-8"}
"""The environment without what it says of the terminal and language of who started the tests."""
APP = [sys.executable, "-m", "tui_batching"]
"""The program of this environment."""
MODES = {
    "cursor": (b"\x1b[?25h", b"\x1b[?25l"),
    "main screen": (b"\x1b[?1049l", b"\x1b[?1049h"),
    "mouse": (b"\x1b[?1000l", b"\x1b[?1000h"),
    "mouse motion": (b"\x1b[?1003l", b"\x1b[?1003h"),
    "mouse coordinates": (b"\x1b[?1006l", b"\x1b[?1006h"),
    "bracketed paste": (b"\x1b[?2004l", b"\x1b[?2004h"),
    "focus": (b"\x1b[?1004l", b"\x1b[?1004h"),
    "line wrap": (b"\x1b[?7h", b"\x1b[?7l"),
    "keyboard": (b"\x1b[<u", b"\x1b[>"),
}
"""What restores each mode of a terminal, and what changes it."""


class Terminal:
    """A program in a pseudo-terminal, and the screen that it draws."""

    def __init__(self, arguments: list[str], **environment: str) -> None:
        self.start([*APP, *arguments], environment)

    @classmethod
    def of(cls, command: list[str], **environment: str) -> Terminal:
        """Another program than the app itself."""
        terminal = cls.__new__(cls)
        terminal.start(command, environment)
        return terminal

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Start the program."""
        self.program = pexpect.spawn(
            command[0],
            command[1:],
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
                fresh += self.take(left)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
        self.written += fresh
        # pyte does not know the keyboard protocol's private sequences and would print them.
        self.stream.feed(re.sub(rb"\x1b\[([<>=][0-9;]*u|\?[0-9]+\$p)", b"", fresh))
        return fresh

    def take(self, seconds: float) -> bytes:
        """What the program has written and nobody has read, within this time."""
        return bytes(self.program.read_nonblocking(65536, timeout=seconds))

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def wait_for(self, seen: Callable[[str], bool]) -> str:
        """The screen's text once it is as expected."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if seen(self.text):
                return self.text
            self.read(0.02)
        pytest.fail("the screen stayed at\n" + self.text)

    def wait_until_open(self) -> str:
        """The screen's text once the app shows the lanes, or who came first."""
        return self.wait_for(lambda text: "CONTINUOUS" in text and "THE RACE" in text)

    def wait_until_written(self, sequence: bytes) -> None:
        """Read on until the program has written it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while sequence not in self.written:
            assert time.monotonic() < until, self.text
            self.read(0.02)

    def wait_until_quiet(self) -> None:
        """Read on until nothing has been written for most of a second."""
        began = last = time.monotonic()
        while (now := time.monotonic()) < last + 0.7:
            assert now < began + PATIENCE_SECONDS, "it never stops writing"
            if self.read(0.02):
                last = time.monotonic()

    def has_cursor_on(self, text: str) -> bool:
        """Whether the first letter of a text on the screen is drawn as a cursor is."""
        places = ((row, line.find(text)) for row, line in enumerate(self.screen.display))
        return any(self.screen.buffer[row][column].reverse for row, column in places if column >= 0)

    @property
    def seen_view(self) -> str:
        """The key of the view whose tab is reversed."""
        row = self.screen.buffer[1]
        cells = (row[column] for column in range(self.screen.columns))
        return "".join(cell.data for cell in cells if cell.reverse)[:1]

    def open_view(self, key: str) -> None:
        """Go to a view, and wait until its tab is the one that is seen."""
        self.program.send(key)
        self.wait_for(lambda _: self.seen_view == key)

    def resize(self, columns: int, rows: int) -> None:
        """Give the program another amount of room."""
        self.screen.resize(rows, columns)
        self.program.setwinsize(rows, columns)

    def wait_for_end(self) -> int:
        """The exit code; 128 and the signal if a signal ended it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.program.isalive() and time.monotonic() < until:
            self.read(0.1)
        assert not self.program.isalive(), self.text
        self.read(PATIENCE_SECONDS)  # what it has left behind, up to its end
        if self.program.exitstatus is None:
            return 128 + int(self.program.signalstatus or 0)
        return int(self.program.exitstatus)

    def unrestored(self) -> list[str]:
        """The modes that the program has changed and left so."""
        return [
            name
            for name, (restored, changed) in MODES.items()
            if self.written.rfind(changed) > self.written.rfind(restored)
        ]

    def close(self) -> None:
        """End the program if it still runs."""
        self.program.close(force=True)


def clock(text: str) -> float:
    """The playhead in the title bar, in seconds."""
    found = re.search(r"t ([0-9.]+) / 10\.311 s", text)
    return float(found[1]) if found else -1.0
