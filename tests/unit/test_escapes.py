"""Names and texts that would steer a terminal, through every view and every dialog of the app."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hostile import AT_ONCE, EVIL, MARKUP, SPELT, deck_file, evil_data, is_harmless, workload_file
from rich.cells import cell_len
from stage import Stage, on_stage, palette
from textual import events
from textual.app import App
from textual.widgets import Input, OptionList

from tui_batching.charts.palette import load_palettes
from tui_batching.charts.rows import text_of
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.tour import load_deck
from tui_batching.tui.exports import EXPORTS
from tui_batching.tui.presenting.notes import NotesApp
from tui_batching.tui.views import VIEWS, view_parts
from tui_batching.workload import Workload, bundled_profiles, load_workload

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which has an evil name; in the bundled data there are such names, too."""
    home = evil_data(tmp_path / "data")
    for module in ("charts.palette", "workload.workload_files", "workload.profiles"):
        monkeypatch.setattr(f"tui_batching.{module}.data_folder", lambda kind: home / kind)
    here = tmp_path / EVIL
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def check(app: App[None]) -> None:
    """Every row of the screen is as wide as the screen, and has nothing that is obeyed."""
    for strip in app.screen._compositor.render_strips():
        assert is_harmless(strip.text), ascii(strip.text)
        assert cell_len(strip.text) == app.size.width, strip.text


def words(stage: Stage) -> str:
    """What is written in the dialog, without what is blank and wherever it is broken."""
    box = next(iter(stage.app.screen.children)).content_region
    strips = stage.app.screen._compositor.render_strips()[box.y : box.bottom]
    text = "".join(strip.crop(box.x, box.right).text for strip in strips)
    return squeezed(re.sub("[▁-█▎▊▔]", "", text))


def squeezed(text: str) -> str:
    """A text without what is blank."""
    return "".join(text.split())


@asynccontextmanager
async def dialog(stage: Stage, key: str) -> AsyncIterator[None]:
    """A dialog that a key opens, checked; closed afterwards."""
    await stage.press(key)
    await stage.opened()
    check(stage.app)
    yield
    if stage.app.screen is not stage.live:
        await stage.press("escape")
    assert stage.app.screen is stage.live


def one_line(text: str) -> str:
    """All words of a text, wherever it is broken."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("size", "text"),
    [((80, 24), ""), ((160, 45), MARKUP)],
    ids=["name of a file", "name in a file"],
)
async def test_no_view_shows_what_is_obeyed(folder: Path, size: tuple[int, int], text: str) -> None:
    workload = load_workload(workload_file(folder, text=text))
    assert workload.name == (text or SPELT)
    async with on_stage(workload, size) as stage:
        for view in VIEWS:
            await stage.press(view.key)
            await stage.swept()
            check(stage.app)
            assert stage.rows()[0].startswith(f" tui-batching  {workload.name[:20]}")
        assert workload.name[:30] in stage.seen()
        await stage.press("1", "j", "right", "b")
        check(stage.app)


@SIZES
async def test_no_dialog_shows_what_is_obeyed(folder: Path, size: tuple[int, int]) -> None:
    async with on_stage(load_workload(workload_file(folder, text=MARKUP)), size) as stage:
        async with dialog(stage, "w"):
            await stage.press("end")
            check(stage.app)
            assert SPELT in words(stage)
            assert words(stage).count(squeezed(f"{MARKUP} 2 requests {MARKUP}")) == 2
        async with dialog(stage, "g"):
            await stage.press("end")
            check(stage.app)
            assert SPELT + squeezed(MARKUP) in words(stage)
            options = stage.app.screen.query_one(OptionList)
            options.highlighted = list(bundled_profiles()).index(SPELT) + 1
            await stage.press("enter")
        check(stage.app)
        profile = stage.scene.workload.cost.profile
        assert profile is not None
        assert (profile.name, profile.description) == (SPELT, MARKUP)
        assert any(SPELT in notice for notice in stage.notices)
        async with dialog(stage, "question_mark"):
            pass
        async with dialog(stage, "x"):
            pass
        async with dialog(stage, "ctrl+p"):
            for typed, answer in (("Theme", "Theme light"), (MARKUP, "No matches")):
                stage.app.screen.query_one(Input).value = typed
                await stage.until(lambda answer=answer: answer in stage.seen())
                check(stage.app)


async def test_the_names_of_the_picker_stand_in_a_column() -> None:
    async with on_stage("notebook", (120, 45)) as stage, dialog(stage, "w"):
        rows = [row for row in stage.rows() if re.search(r"[0-9] requests  ", row[20:-20])]
        assert len(rows) > 5
        assert len({cell_len(row.partition(" requests")[0]) for row in rows}) == 1


WRONG = {
    "name: a\x1b[2J": r"1: found the character '\x1b', expected printable text",
    'name: "a\\e[2J"': r"1: name: found 'a\x1b[2J', expected text without control characters",
    f"name: '{MARKUP}'\n'{MARKUP}': 1": f"2: found the unknown key '{MARKUP}'",
    "name: [/red]": "1: name: found a list, expected text",
    "[/": "1: found broken YAML",
}
"""Contents of a file, and what is said of them."""


async def test_what_is_wrong_with_a_file_is_told_in_the_picker(folder: Path) -> None:
    file = folder / f"{EVIL}.yaml"
    async with on_stage("notebook", (80, 24)) as stage, dialog(stage, "w"):
        field = stage.app.screen.query_one(Input)
        for content, sentence in WRONG.items():
            file.write_text(content, encoding="utf-8")
            field.focus()
            field.value = str(file)
            await stage.press("enter")
            check(stage.app)
            assert stage.app.screen is not stage.live
            assert squeezed(sentence) in words(stage)


async def test_a_path_that_is_pasted_is_shown_without_what_is_obeyed() -> None:
    async with on_stage("notebook") as stage, dialog(stage, "w"):
        field = stage.app.screen.query_one(Input)
        field.focus()
        field.post_message(events.Paste(f"{''.join(EVIL.split())}\u00ad.yaml"))
        await stage.settled()
        check(stage.app)
        assert "e]0;owned[31m2J[red]x[@click=app.quit]q[b名?.yaml" in words(stage)
        await stage.press("enter")
        check(stage.app)
        assert "foundnosuchfile" in words(stage)


@pytest.mark.parametrize("text", ["", MARKUP], ids=["name of a file", "name in a file"])
async def test_what_is_saved_is_told_and_can_be_read(folder: Path, text: str) -> None:
    workload = load_workload(workload_file(folder, text=text))
    async with on_stage(workload) as stage:
        for number in range(len(EXPORTS)):
            async with dialog(stage, "x"):
                stage.app.screen.query_one(OptionList).highlighted = number
                stage.app.clear_notifications()
                await stage.press("enter")
            await stage.until(lambda: len(stage.notices) > 0)
            check(stage.app)
            (told,) = stage.notices
            assert_saved(told, folder, workload)


def assert_saved(told: str, folder: Path, workload: Workload) -> None:
    """The one file that is new, which is taken away, is told and has nothing that is obeyed."""
    assert told.startswith("saved ")
    assert told.isprintable()
    (file,) = (entry for entry in folder.iterdir() if entry.suffix != ".yaml")
    assert file.name.isprintable()
    assert told.endswith(file.name)
    content = file.read_text(encoding="utf-8")
    file.unlink()
    assert is_harmless(content.replace("\r", "").replace("\n", ""))
    if file.suffix == ".svg":
        words = " ".join("".join(ET.fromstring(content).itertext()).split())
        assert workload.name in words.replace("\N{NO-BREAK SPACE}", " ")
    elif file.suffix == ".json":
        assert workload.name in json.dumps(json.loads(content), ensure_ascii=False).replace(
            "\\\\", "\\"
        )


async def test_what_cannot_be_saved_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError(f"{folder}: cannot be written")

    monkeypatch.setattr("tui_batching.tui.saver.save", fail)
    async with on_stage("notebook") as stage:
        await stage.press("x", "enter")
        await stage.until(lambda: len(stage.notices) > 0)
        check(stage.app)
        assert stage.notices[0].isprintable()


async def test_a_folder_whose_name_is_not_text_can_be_saved_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder / os.fsdecode(b"\xff\x9b")
    try:
        here.mkdir()
    except OSError:
        pytest.skip("the file system has names of text alone")
    monkeypatch.chdir(here)
    async with on_stage("notebook") as stage:
        await stage.press("x", "enter")
        await stage.until(lambda: len(stage.notices) > 0)
        check(stage.app)
        assert stage.notices[0].isprintable()
        assert stage.notices[0].endswith(r"\udcff\udc9b/notebook-live-0.000s.svg")
    assert len(list(here.iterdir())) == 1


@pytest.mark.parametrize("name", ["\N{MATHEMATICAL BOLD SMALL A}" * 60, "名" * 60])
async def test_a_name_of_wide_letters_makes_a_file(folder: Path, name: str) -> None:
    async with on_stage(load_workload(workload_file(folder, text=name))) as stage:
        await stage.press("9", "x", "enter")
        await stage.until(lambda: len(stage.notices) > 0)
        assert stage.notices[0].startswith("saved ")
        check(stage.app)


@SIZES
async def test_a_sweep_that_is_refused_tells_the_whole_reason(
    folder: Path, size: tuple[int, int]
) -> None:
    workload = load_workload(workload_file(folder, text=MARKUP, rows=AT_ONCE))
    async with on_stage(workload, size) as stage:
        await stage.press("6")
        await stage.swept()
        check(stage.app)
        assert f"{MARKUP} arrive at once, so there is no load to vary" in one_line(stage.seen())


@SIZES
async def test_a_deck_is_presented_word_for_word(folder: Path, size: tuple[int, int]) -> None:
    deck = load_deck(deck_file(folder), view_parts())
    assert deck.title == SPELT
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        check(stage.app)
        assert squeezed(MARKUP) in squeezed(text_of_talk(stage))
        await stage.press("pagedown")
        check(stage.app)
        assert text_of_talk(stage).count("名前") == 45


def text_of_talk(stage: Stage) -> str:
    """What the talk says, in one line."""
    return "".join(map(text_of, stage.live.presenter._presented))


@SIZES
async def test_the_notes_are_shown_word_for_word(folder: Path, size: tuple[int, int]) -> None:
    deck = load_deck(deck_file(folder), view_parts())
    app = NotesApp(deck, Config(theme="dark"))
    async with (
        app.run_test(size=size) as pilot,
        on_stage(deck.chapters[0].workload, deck=deck) as stage,
    ):
        for number, chapter in enumerate(deck.chapters, start=1):
            app.screen._look()
            await pilot.pause()
            check(app)
            seen = one_line("\n".join(s.text for s in app.screen._compositor.render_strips()))
            assert f"{SPELT} {number}/2" in seen
            for note in chapter.notes:
                assert squeezed(note) in squeezed(seen)
            await stage.press("pagedown")


async def test_a_deck_in_a_folder_whose_name_is_not_text_is_followed(folder: Path) -> None:
    here = folder / os.fsdecode(b"\xff\x9b")
    try:
        here.mkdir()
    except OSError:
        pytest.skip("the file system has names of text alone")
    deck = load_deck(deck_file(here), view_parts())
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        assert stage.notices == []


def test_a_theme_is_called_so_that_it_can_be_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "data" / "themes" / "dark.yaml"
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "dark.2-new_ü.yaml").write_bytes(source.read_bytes())
    assert load_palettes(folder)["dark.2-new_ü"].written == palette().written
    (folder / f"{EVIL}.yaml").write_bytes(source.read_bytes())
    with pytest.raises(InputError, match="found a theme of this name") as error:
        load_palettes(folder)
    assert str(error.value).isprintable()


def test_a_sentence_has_nothing_that_is_obeyed() -> None:
    assert str(InputError(f"{EVIL}: found")) == (
        r"e\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u200b\t\n[red]x[@click=app.quit]q[b 名: found"
    )
