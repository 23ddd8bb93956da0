"""Decks without a terminal: validate and present --check simulate every chapter of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CHECKOUT, complaint

from tui_batching.__main__ import main
from tui_batching.cli import terminal
from tui_batching.tui import app

DECK = """\
chapters:
  - {title: One, slide: Hello, workload: notebook, minutes: 2}
  - {title: Two, text: "{static.p99_latency}", set: {batch_size: 8}, minutes: 0.5}
"""


def deck_in(folder: Path, text: str = DECK) -> str:
    file = folder / "talk.yaml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("command", [["validate"], ["present", "--check"]])
def test_a_deck_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    file = deck_in(tmp_path)
    assert main([*command, file]) == 0
    assert capsys.readouterr().out == f"{file}: valid, a deck of 2 chapters, 2.5 min\n"


def test_the_guided_tour_is_checked_where_no_deck_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["present", "--check"]) == 0
    assert "batching.yaml: valid, a deck of " in capsys.readouterr().out


MISTAKES = {
    DECK.replace("static.p99_latency", "key.next-chapter"): (
        ":3: chapters[1].text: found the unknown value 'key.next-chapter', expected after key. one"
    ),
    DECK.replace("minutes: 2", "notes: ['{key.pag} turns']"): (
        ":2: chapters[0].notes[0]: found the unknown value 'key.pag', expected after key. one of"
    ),
    DECK.replace("p99_latency", "p99_latenzy"): ":3: chapters[1].text: found the unknown value",
    DECK.replace("p99_latency", "evictions"): (
        ": chapter 2: found {static.evictions}, expected a value that is defined here"
    ),
    DECK.replace("minutes: 0.5", "until: 1s, then: '{static.evictions}'"): (
        ": chapter 2: found {static.evictions}, expected a value that is defined here"
    ),
    DECK.replace("batch_size: 8", "cost.decode_step: 100h"): ": chapter 2: ",
    DECK.replace("minutes: 0.5", "loop: [50s, 60s]"): (
        ": chapter 2: loop: found a loop from 50.0 s on, expected one that begins in the run, "
        "which ends at "
    ),
    DECK.replace("minutes: 0.5", "loop: [1s, 99s]"): (
        ": chapter 2: loop: found 99.0 s, expected end, or an instant of the run, which ends at "
    ),
    DECK.replace("minutes: 0.5", "until: 100s"): (
        ": chapter 2: until: found 100 s, expected end, or an instant of the run, which ends at "
    ),
    DECK.replace("minutes: 0.5", "at: 100s"): (
        ": chapter 2: at: found 100 s, expected end, or an instant of the run, which ends at "
    ),
    DECK.replace("slide", "slides"): ":2: chapters[0]: found the unknown key 'slides'",
    "chapters: []": ":1: chapters: found an empty list",
    "requests: []\nchapters: []": ":1: found the unknown key 'requests', expected one of title,",
}


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
@pytest.mark.parametrize("command", [["validate"], ["present", "--check"]])
def test_a_mistake_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], text: str
) -> None:
    file = deck_in(tmp_path, text)
    assert complaint(capsys, *command, file).startswith(f"{file}{MISTAKES[text]}")


def test_to_begin_and_to_stop_at_the_end_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for instants in ("at: end", "until: end", "loop: [1s, end]"):
        file = deck_in(tmp_path, DECK.replace("minutes: 0.5", instants))
        assert main(["validate", file]) == 0
    assert capsys.readouterr().out.count("valid, a deck of 2 chapters") == 3


def test_a_workload_is_no_deck(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(CHECKOUT / "workloads" / "chat.yaml")
    assert "found the unknown key" in complaint(capsys, "present", "--check", file)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--chapter", "3"], "--chapter: found 3, expected a whole number <= 2"),
        (["--chapter", "0"], "--chapter: found 0, expected a whole number >= 1"),
        (["--chapter", "x"], "--chapter: found 'x', expected a whole number >= 1"),
        (["--chapter", "2", "--notes"], "found --chapter and --notes, expected only one of them"),
        (["--chapter", "2", "--check"], "found --chapter and --check, expected only one of them"),
        (["--notes", "--check"], "--check: not allowed with argument --notes"),
    ],
)
def test_options_that_do_not_fit_are_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm")
    assert sentence in complaint(capsys, "present", deck_in(tmp_path), *arguments)


def test_the_chapter_to_begin_with_counts_from_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(app, "present", lambda *given: begun.append(given[-1]) or 0)
    file = deck_in(tmp_path)
    assert main(["present", file]) == main(["present", file, "--chapter", "2"]) == 0
    assert begun == [0, 1]
