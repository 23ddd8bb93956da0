"""Deck files: what is read of them, and how every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_batching.clock import HORIZON, MILLISECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.tour import Deck, parse_deck
from tui_batching.workload import load_workload

VIEWS = ("live", "gantt", "batch-size")
WORKLOAD = "requests: [{arrival_time: 0, input_tokens: 5, output_tokens: 2, id: 7}]\n"


def read(text: str, folder: Path = Path("talks")) -> Deck:
    return parse_deck(text, folder / "talk.yaml", VIEWS)


def test_everything_that_a_chapter_can_say() -> None:
    deck = read("""\
title: A talk
chapters:
  - title: One
    text: [Read this., And this.]
    notes: Say that.
    workload: illustrative
    set: {batch_size: 8, dynamic.timeout: 300ms}
    view: batch-size
    at: 1.5s
    speed: 0.25
    play: true
    select: 3
    table: step_time
""")
    (chapter,) = deck.chapters
    assert (deck.title, deck.path) == ("A talk", Path("talks/talk.yaml"))
    assert (chapter.title, chapter.text) == ("One", ("Read this.", "And this."))
    assert chapter.notes == ("Say that.",)
    assert chapter.workload.name == "illustrative"
    assert chapter.settings == {"batch_size": "8", "dynamic.timeout": "300ms"}
    assert (chapter.view, chapter.at) == ("batch-size", 1500 * MILLISECOND)
    assert (chapter.speed, chapter.play) == (0.25, True)
    assert (chapter.select, chapter.table) == (3, "step_time")


def test_what_is_left_out() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, set: {batch_size: 2}, at: end}
  - {title: Two, text: b}
  - {title: Three, text: c, workload: chat}
  - {title: Four, text: d, workload: notebook, play: false}
""")
    one, two, three, four = deck.chapters
    assert deck.title == "talk"
    assert one.at == HORIZON
    assert two.workload is one.workload is four.workload
    assert three.workload == load_workload("chat")
    assert (two.view, two.at, two.speed, two.play) == ("live", 0, 0.5, False)
    assert (two.settings, two.select, two.table, two.notes) == ({}, None, None, ())
    assert not four.play


def test_a_workload_file_is_looked_for_beside_the_deck(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WORKLOAD)
    deck = read("chapters: [{title: One, text: a, workload: mine.yaml, select: 7}]", tmp_path)
    assert deck.chapters[0].workload.name == "mine"
    assert deck.chapters[0].workload.requests.id.tolist() == [7]


FIRST = "chapters:\n  - title: One\n    text: a\n    workload: notebook\n"

MISTAKES = {
    "": "1: found an empty file, expected YAML",
    "title: A talk": "1: chapters: found nothing, expected a list",
    "chapters: []": "1: chapters: found an empty list, expected a list with at least one entry",
    "chapters: {title: One}": "1: chapters: found a mapping, expected a list",
    "pages: []": "1: found the unknown key 'pages', expected one of title, chapters",
    "chapters: [{text: a, workload: chat}]": "1: chapters[0].title: found nothing, expected text",
    "chapters: [{title: One, workload: chat}]": "1: chapters[0].text: found nothing, expected text",
    "chapters: [{title: One, text: a}]": "1: chapters[0].workload: found nothing, expected text",
    "chapters: [{title: One, text: [], workload: chat}]": (
        "1: chapters[0].text: found an empty list, expected a list with at least one entry"
    ),
    f"title: {'x' * 41}\n{FIRST}": "1: title: found 41 characters, expected at most 40",
    FIRST + "  - {title: Two, text: " + "x" * 161 + "}": (
        "5: chapters[1].text: found 161 characters, expected at most 160"
    ),
    FIRST + '    notes: ["\\e[2J"]': (
        "5: chapters[0].notes[0]: found '\\x1b[2J', expected text without control characters"
    ),
    FIRST + "    veiw: live": "5: chapters[0]: found the unknown key 'veiw', expected one of title,"
    " text, notes, workload, set, view, at, speed, play, select, table (did you mean 'view'?)",
    FIRST + "    view: gannt": (
        "5: chapters[0].view: found 'gannt', expected one of live, gantt, batch-size"
        " (did you mean 'gantt'?)"
    ),
    FIRST + "    at: soon": "5: chapters[0].at: found 'soon', expected a duration such as 20ms",
    FIRST + "    at: -1s": "5: chapters[0].at: found -1s, expected a duration that is not negative",
    FIRST + "    speed: 0": "5: chapters[0].speed: found 0, expected a number > 0",
    FIRST + "    speed: 65": "5: chapters[0].speed: found 65, expected a number <= 64",
    FIRST + "    play: maybe": "5: chapters[0].play: found 'maybe', expected one of true, false",
    FIRST + "    select: R1": "5: chapters[0].select: found 'R1', expected a whole number >= 0",
    FIRST + "    select: 20": (
        "5: chapters[0].select: found 20, expected the id of a request of the workload"
    ),
    FIRST + "    set: {workload.count: 5}\n    select: 5": (
        "6: chapters[0].select: found 5, expected the id of a request of the workload"
    ),
    FIRST + "    table: cost": "5: chapters[0].table: found 'cost', expected step_time",
    FIRST + "    set: [batch_size=4]": "5: chapters[0].set: found a list, expected a mapping with",
    FIRST + "    set: {batch_sise: 4}": "5: chapters[0].set: found the unknown key 'batch_sise'",
    FIRST + "    set:\n      static.batch_size: 0": (
        "6: chapters[0].set.static.batch_size: found 0, expected a whole number >= 1"
    ),
    FIRST + "    set: {dynamic.timeout: [1s]}": (
        "5: chapters[0].set.dynamic.timeout: found a list, expected a duration"
    ),
    FIRST.replace("notebook", "summarize-burst") + "    set: {workload.rate: 3}": (
        "5: chapters[0].set.workload.rate: "
    ),
    FIRST.replace("notebook", "chta"): (
        "4: chapters[0].workload: found no workload called 'chta', expected a file (*.yaml"
    ),
    FIRST.replace("notebook", "mine.yaml"): (
        "4: chapters[0].workload: talks/mine.yaml: found no such file, expected"
    ),
}


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    sentence = str(caught.value)
    assert sentence.startswith(f"talks/talk.yaml:{MISTAKES[text]}")
    assert "\n" not in sentence


def test_a_setting_of_another_strategy_is_told_what_it_is_called_here() -> None:
    with pytest.raises(InputError) as caught:
        read(FIRST + "    set: {continuous.max_num_seqs: 4}")
    assert str(caught.value).endswith(" (here it is called batch_size)")


def test_a_mistake_in_a_workload_file_is_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WORKLOAD.replace("2", "0"))
    with pytest.raises(InputError) as caught:
        read("chapters: [{title: One, text: a, workload: mine.yaml}]", tmp_path)
    places = f"{tmp_path}/talk.yaml:1: chapters[0].workload: {tmp_path}/mine.yaml:1: requests[0]"
    assert str(caught.value).startswith(places)


def test_an_instant_is_exact() -> None:
    deck = read("chapters: [{title: One, text: a, workload: chat, at: 0.000000000001}]")
    assert deck.chapters[0].at == SECOND // 10**12


def test_a_workload_stays_in_the_folder_of_the_deck_unless_its_path_is_absolute(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    outside = tmp_path / "secret.yaml"
    outside.write_text(WORKLOAD)
    (folder / "link.yaml").symlink_to(outside)
    (folder / "folder").symlink_to(tmp_path)
    chapter = "chapters: [{title: One, text: a, workload: '%s'}]"
    for name in ("../secret.yaml", "link.yaml", "folder/secret.yaml", "talks/../../secret.yaml"):
        with pytest.raises(InputError, match="expected a path that stays in the file's folder"):
            read(chapter % name, folder)
    assert read(chapter % outside, folder).chapters[0].workload.name == "secret"


def test_there_is_a_most_of_chapters() -> None:
    with pytest.raises(InputError, match="chapters: found a list of 501, expected at most 500"):
        read("chapters:\n" + "  - {title: One, text: a, workload: notebook}\n" * 501)


def test_what_is_no_mapping_of_settings_is_refused_without_listing_them_all() -> None:
    """There are far more settings than a sentence bears."""
    text = "title: T\nchapters:\n  - {title: A, text: B, workload: notebook, set: 5}\n"
    with pytest.raises(InputError, match=r"expected a mapping with batch_size, .* others") as error:
        parse_deck(text, Path("d.yaml"), ["live"])
    assert len(str(error.value)) < 1500
