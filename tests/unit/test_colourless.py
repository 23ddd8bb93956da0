"""With NO_COLOR the app has the terminal's own text and ground, and nothing is hidden in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.segment import Segment
from rich.style import Style
from stage import on_stage
from textual.app import App
from textual.color import Color as Ground
from tour import TOUR

from tui_batching.charts.palette import load_palettes
from tui_batching.clock import MILLISECOND
from tui_batching.config import Config
from tui_batching.tui.colourless import Colourless
from tui_batching.tui.presenting.notes import NotesApp

THEMES = [*load_palettes()]


@dataclass(frozen=True)
class Look:
    """What a text is drawn with."""

    text: str
    style: Style


@pytest.fixture(autouse=True)
def no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def looks(app: App[None]) -> Iterator[Look]:
    """All that is on the screen, as it is written."""
    for strip in app.screen._compositor.render_strips():
        for text, style, _ in strip:
            yield Look(text, style or Style.null())


def has_no_colours(app: App[None]) -> bool:
    """Every cell has the terminal's own text and ground, whose colours differ."""
    colours = [
        colour
        for look in looks(app)
        for colour in (look.style.color, look.style.bgcolor)
        if colour is not None
    ]
    return all(colour.is_default for colour in colours)


def of(app: App[None], text: str) -> Style:
    """The style of the first thing that says this."""
    return next(look.style for look in looks(app) if text in look.text)


@pytest.mark.parametrize("theme", THEMES)
async def test_the_app_is_legible(theme: str) -> None:
    async with on_stage(config=Config(theme=theme)) as stage:
        await stage.seek(1500 * MILLISECOND)
        assert has_no_colours(stage.app)
        assert of(stage.app, "1 Live").reverse
        assert of(stage.app, "STATIC").bold
        assert not of(stage.app, "batch 4").reverse
        assert of(stage.app, "·····").dim, "tokens to come are fainter than those that are made"
        await stage.drawn()
        assert any("███" in look.text and not look.style.dim for look in looks(stage.app))
        await stage.press("w")
        await stage.opened()
        assert has_no_colours(stage.app)
        assert of(stage.app, "notebook   ").reverse, "the cursor is on it"
        assert not of(stage.app, "illustrative   ").reverse


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_talk_is_legible(theme: str) -> None:
    config = Config(theme=theme)
    async with on_stage(config=config, deck=TOUR) as stage:
        for key in ("pagedown", "pagedown"):
            assert has_no_colours(stage.app)
            await stage.press(key)
    app = NotesApp(TOUR, config)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert has_no_colours(app)


async def test_another_theme_changes_nothing_of_it() -> None:
    async with on_stage() as stage:
        for theme in THEMES:
            stage.app.theme = theme
            await stage.drawn()
            assert has_no_colours(stage.app)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("#101010 on #e0c060", "reverse"),
        ("#e0c060 on #101010", ""),
        ("reverse #e0c060 on #101010", "reverse"),
        ("#303030 on #101010", "dim"),
        ("#e0c060 on #402020", ""),
        ("underline bright_black on #101010", "dim underline"),
    ],
)
def test_weight_stands_for_colours(given: str, expected: str) -> None:
    row = [Segment("x", Style.parse(given))]
    ((text, drawn, _),) = Colourless().apply(row, Ground.parse("#101010"))
    kept = [name for name in ("dim", "reverse", "underline") if getattr(drawn, name)]
    assert (text, " ".join(kept)) == ("x", expected)
