"""What really reaches a terminal where names and texts would steer it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from hostile import EVIL, MARKUP, deck_file, evil_data, is_harmless, workload_file
from terminals import Terminal

import tui_batching
from tui_batching.tour import load_deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import VIEWS, view_parts

SEQUENCE = re.compile(r"\x1b(?:[=>78]|\]22;[a-z-]+\x07|\[[<>=?]?[0-9;]*[ $]?[a-zA-Z])")
OURS = re.compile(
    r"\x1b(?:"
    r"\]22;[a-z-]+\x07"  # the shape of the pointer
    r"|\[[0-9]+;[0-9]+H"  # moves
    r"|\[(?:[0-9]|[34]8;5;[0-9]+|;)*m"  # colours, of the 256 alone
    r"|\[\?[0-9]+(?:[hl]|\$p)"  # modes, and whether the terminal has them
    r"|\[[<>=?][0-9;]*[um]"  # keyboard
    r"|\[2K|\[1A"  # progress that is drawn anew
    r")"
)
PATH = "or the path of a workload file"
"""What the field for a file says as long as it is empty."""
FIRST = f"1/{len(load_deck(None, view_parts(), KEYS.signs()).talk)}"
"""Where the tour stands when it begins."""
PASTED = EVIL.replace("\x1b", "")
"""Terminals let no escape through in a paste; Textual would take what stands behind it for keys."""


def obeyed(written: bytes) -> str:
    """What a terminal would obey, but for what the program itself has to write."""
    text = written.decode("utf-8")
    foreign = [found for found in SEQUENCE.findall(text) if not OURS.fullmatch(found)]
    rest = re.sub(r"[\r\n]", "", SEQUENCE.sub("", text))
    return ascii(foreign) if foreign else "" if is_harmless(rest) else ascii(rest)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, whose bundled data have evil names as well."""
    folder = tmp_path_factory.mktemp("installed")
    package = Path(tui_batching.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "themes", "workloads")
    shutil.copytree(package, folder / "tui_batching", ignore=ignored)
    evil_data(folder / "tui_batching")
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder of an evil name."""
    folder = tmp_path / EVIL
    folder.mkdir()
    return folder


def opened(installed: Path, here: Path, *arguments: str) -> Terminal:
    """The copy of the program, in the folder."""
    words = (sys.executable, "-m", "tui_batching", *arguments)
    line = f"cd {shlex.quote(str(here))} && exec {shlex.join(words)}"
    return Terminal.of(
        ["sh", "-c", line], PYTHONPATH=str(installed), XDG_RUNTIME_DIR=str(here.parent)
    )


def press(terminal: Terminal, keys: str, *, shows: str = "", hides: str = "") -> None:
    """Press keys, and wait until a text appears on the screen, or disappears from it."""
    terminal.program.send(keys)
    terminal.wait_for(lambda seen: shows in seen and not (hides and hides in seen))


def test_nothing_is_obeyed_in_any_view_and_dialog(installed: Path, here: Path) -> None:
    terminal = opened(installed, here, "play", "--paused", workload_file(here, text=MARKUP).name)
    try:
        terminal.wait_until_open()
        press(terminal, "\x1b[F", shows="all answered at")
        for view in VIEWS:
            terminal.open_view(view.key)
        terminal.open_view("1")
        press(terminal, "\x1b[H", hides="all answered at")
        press(terminal, "j", shows="R0 arrives now")
        press(terminal, "w", shows=PATH)
        press(terminal, "\x1b[F\r", hides="escape closes")
        press(terminal, "w", shows=PATH)
        terminal.program.send("\x1b[F\t")
        # A paste goes to what has the focus when it comes; a tab that is on its way is overtaken.
        terminal.wait_for(lambda _: terminal.has_cursor_on(PATH))
        press(terminal, f"\x1b[200~{PASTED}\x1b[201~", shows="owned")
        press(terminal, "\r", shows=r"workload called 'e]0;owned\x07[31m\x9b2J")
        press(terminal, "\x1b", hides="escape closes")
        press(terminal, "g", shows="escape closes")
        press(terminal, "\x1b[F\r", hides="escape closes")
        press(terminal, "?", shows="escape closes")
        press(terminal, "\x1b", hides="escape closes")
        press(terminal, "x", shows="escape closes")
        press(terminal, "\r", shows="saved")
        press(terminal, "\x10", shows="Search for commands")
        press(terminal, "Theme", shows="Theme light")
        press(terminal, "\x1b", hides="Theme light")
        press(terminal, "p", shows=FIRST)
        press(terminal, "p", hides=FIRST)
        terminal.program.send("q")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
    assert b"Traceback" not in terminal.written
    assert b"@click=app.quit" in terminal.written
    assert obeyed(terminal.written) == ""
    assert [file.suffix for file in here.iterdir() if file.suffix != ".yaml"] == [".svg"]


@pytest.mark.parametrize(
    ("option", "then"), [((), "2/2"), (("--notes",), "Nothing is presented")], ids=["app", "notes"]
)
def test_nothing_is_obeyed_in_a_deck(
    installed: Path, here: Path, option: tuple[str, ...], then: str
) -> None:
    terminal = opened(installed, here, "present", deck_file(here).name, *option)
    try:
        terminal.wait_for(lambda seen: "[red]x" in seen)
        press(terminal, "\x1b[6~", shows=then)
        terminal.program.send("q")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
    assert obeyed(terminal.written) == ""


def test_nothing_is_obeyed_in_what_is_told_of_progress(installed: Path, here: Path) -> None:
    file = here / f"{EVIL}.json"
    terminal = opened(
        installed, here, "trace", "chat", "--set", "workload.count=6000", "-o", file.name
    )
    try:
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
    assert rb"writing e\x1b]0;owned" in terminal.written
    assert obeyed(terminal.written) == ""
    assert file.stat().st_size > 0
