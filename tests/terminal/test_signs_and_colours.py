"""The real program where colours and signs are few: other TERMs, a C locale, tmux, GNU screen."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from terminals import APP, PLAIN, Terminal, clock

from tui_batching.tui.views import VIEWS

WITHOUT_COLOUR = {0, 1, 2, 4, 7, 39, 49}
"""What sets bold, dim, underlined and reversed, and the terminal's own text and ground."""
_COLOUR = re.compile(rb"[\[;][34]8;([25]);")


@contextmanager
def opened(*arguments: str, **environment: str) -> Iterator[Terminal]:
    """The app, until it shows the lanes."""
    terminal = Terminal(["play", "notebook", *arguments], **environment)
    try:
        terminal.wait_until_open()
        yield terminal
    finally:
        terminal.close()


def kinds_of_colours(written: bytes) -> set[str]:
    """What the codes that set colours begin with: 2 of true colour, 5 of the 256."""
    return {found.decode() for found in _COLOUR.findall(written)}


@pytest.mark.parametrize(
    ("environment", "kinds"),
    [
        ({"COLORTERM": "truecolor"}, {"2"}),
        ({}, {"5"}),
        ({"TERM": "screen"}, set()),
        ({"TERM": "linux"}, set()),
    ],
    ids=["xterm-256color, truecolor", "xterm-256color", "screen", "linux"],
)
def test_no_more_colours_than_the_terminal_has(
    environment: dict[str, str], kinds: set[str]
) -> None:
    with opened(**environment) as terminal:
        assert kinds_of_colours(terminal.written) == kinds


@pytest.mark.parametrize("environment", [{}, {"TERM": "xterm"}], ids=["xterm-256color", "xterm"])
def test_no_colours_are_written_where_none_are_wanted(environment: dict[str, str]) -> None:
    with opened(NO_COLOR="1", **environment) as terminal:
        codes = re.findall(rb"\x1b\[([0-9;]*)m", terminal.written)
        assert {int(code) for each in codes for code in each.split(b";") if code} <= WITHOUT_COLOUR


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ((), {"LC_ALL": "C"}),
        ((), {"TERM": "linux"}),
        (("--ascii", "--low-bandwidth", "--theme", "light"), {"NO_COLOR": "1"}),
    ],
    ids=["LC_ALL=C", "TERM=linux", "--ascii"],
)
def test_only_ascii_is_written(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    with opened(*arguments, **environment) as terminal:
        assert terminal.text.splitlines()[2].startswith("= STATIC batch 4 ===")
        terminal.program.send("\x1b[C" * 5)
        for view in VIEWS:
            terminal.open_view(view.key)
        terminal.program.send("?")
        terminal.wait_for(lambda text: "finished, but there until the batch ends" in text)
        terminal.program.send("q")
        terminal.wait_for(lambda text: "finished, but there until the batch ends" not in text)
        terminal.program.send("q")
        assert terminal.wait_for_end() == 0
        assert terminal.written.isascii()
        assert terminal.unrestored() == []


def test_signs_are_drawn_all_the_same_if_asked_for() -> None:
    with opened("--no-ascii", LC_ALL="C") as terminal:
        assert "━ STATIC batch 4 ━━━" in terminal.text


def test_a_chart_on_a_terminal_follows_the_locale() -> None:
    command = [sys.executable, "-m", "tui_batching", "chart", "gantt", "illustrative"]
    for locale, held in (("C.UTF-8", "█▒▒"), ("C", "#//")):
        terminal = Terminal.of(command, LC_ALL=locale, NO_COLOR="1")
        assert terminal.wait_for_end() == 0
        assert held in terminal.text
        assert terminal.written.isascii() is (locale == "C")
        terminal.close()


MULTIPLEXERS = {
    "tmux": (["tmux", "-L", f"tui-batching-{os.getpid()}", "-f"], "set -g destroy-unattached on"),
    "screen": (["screen", "-c"], "autodetach off"),
}
"""How each is started with a file of settings; these end what is in it as soon as we leave."""


@pytest.mark.parametrize("name", MULTIPLEXERS)
@pytest.mark.parametrize(
    ("locale", "title"),
    [({"LANG": "C.UTF-8"}, "━ STATIC batch 4 ━━━"), ({}, "= STATIC")],
    ids=["UTF-8", "no locale"],
)
def test_in_a_multiplexer(
    name: str, locale: dict[str, str], title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    monkeypatch.delitem(PLAIN, "LANG")
    command, settings = MULTIPLEXERS[name]
    with TemporaryDirectory() as folder:  # a short path, as sockets need one
        file = Path(folder) / "settings"
        file.write_text(f"{settings}\n")
        command = [*command, str(file), *(["new-session"] if name == "tmux" else [])]
        terminal = Terminal.of([*command, *APP, "play", "notebook"], SCREENDIR=folder, **locale)
        try:
            assert title in terminal.wait_until_open()
            terminal.wait_for(lambda text: clock(text) > 0.3)
            terminal.resize(80, 24)
            terminal.wait_for(
                lambda text: re.search("DYNAMIC batch 4 [·.] 500 ms", text) is not None
            )
            terminal.program.send("2")
            terminal.wait_for(lambda text: "row = slot" in text)
            terminal.program.send("q")
            assert terminal.wait_for_end() == 0
        finally:
            terminal.close()
