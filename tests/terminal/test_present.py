"""Presenting in one real terminal, with the notes in another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import shell
from terminals import Terminal
from tour import COUNT, TOUR


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """The speaker's notes, and the app that presents, of one user on one machine."""
    notes = Terminal(["present", "--notes"], XDG_RUNTIME_DIR=str(tmp_path))
    notes.wait_for(lambda text: "Nothing is presented now" in text)
    app = Terminal(["present"], XDG_RUNTIME_DIR=str(tmp_path))
    yield notes, app
    for terminal in (app, notes):
        terminal.program.close(force=True)


def test_the_notes_follow_and_both_leave_cleanly(terminals: tuple[Terminal, Terminal]) -> None:
    notes, app = terminals
    app.wait_for(lambda text: f"1/{COUNT}" in text and "Why does an answer" in text)
    notes.wait_for(
        lambda text: f"1/{COUNT}" in text and "next: Prefill reads, decode writes" in text
    )
    app.program.send("\x1b[6~\x1b[6~")
    app.wait_for(lambda text: f"3/{COUNT}" in text and "CONTINUOUS" in text)
    notes.wait_for(lambda text: f"3/{COUNT}" in text and "Three seconds of silence" in text)
    app.program.send("b")
    app.wait_for(lambda text: not text.strip())
    notes.wait_for(lambda text: "The screen is black" in text)
    app.program.send(" ")
    app.wait_for(lambda text: f"3/{COUNT}" in text)
    app.program.send("\x1b[5~")
    notes.wait_for(lambda text: f"2/{COUNT}" in text and "black" not in text)
    app.program.send("q")
    notes.wait_for(lambda text: "The presentation has ended" in text)
    notes.program.send("q")
    for terminal in terminals:
        assert terminal.wait_for_end() == 0
        assert b"Traceback" not in terminal.written


def test_an_app_that_was_killed_is_told(terminals: tuple[Terminal, Terminal]) -> None:
    notes, app = terminals
    app.wait_for(lambda text: f"1/{COUNT}" in text)
    notes.wait_for(lambda text: f"1/{COUNT}" in text)
    app.program.kill(9)
    app.program.wait()
    notes.wait_for(lambda text: "The presentation is gone" in text and f"1/{COUNT}" in text)


def test_what_one_button_of_a_clicker_sends_in_turn_does_no_harm() -> None:
    app = Terminal(["present", "--chapter", "8"])
    app.wait_for(lambda text: f"8/{COUNT}" in text and "STATIC" in text)
    for _ in range(2):
        app.program.send("\x1b")
        app.wait_for(lambda text: "leave the tour?" in text)
        app.program.send("\x1b[15~")  # F5
        app.wait_for(lambda text: "leave the tour?" not in text and f"8/{COUNT}" in text)
    app.program.send("\x1b")
    app.wait_for(lambda text: "leave the tour?" in text)
    app.program.send("\r")
    app.wait_for(lambda text: f"8/{COUNT}" not in text and "queue" in text)
    app.program.send("\x1b[15~")
    app.wait_for(lambda text: f"8/{COUNT}" in text)
    app.program.send("q")
    assert app.wait_for_end() == 0


def test_a_deck_is_checked_without_a_terminal() -> None:
    done = shell("$P present --check < /dev/null | cat")
    assert done.returncode == 0
    assert "valid, a deck of" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.yaml"], "missing.yaml: found no such file, expected a YAML file"),
        (["--theme", "neon"], "--theme: found 'neon', expected one of dark"),
        (
            ["--chapter", "99"],
            f"--chapter: found 99, expected a whole number <= {len(TOUR.chapters)}",
        ),
        (["--notes", "--fps", "0"], "--fps: found 0, expected a whole number >= 1"),
    ],
)
def test_bad_arguments_are_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    terminal = Terminal(["present", *arguments])
    assert terminal.wait_for_end() == 2
    assert sentence in " ".join(terminal.written.decode().split())
    assert b"\x1b[?1049h" not in terminal.written
