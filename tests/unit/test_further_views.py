"""A further view is one module and one line in the table: everything else finds it there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CHECKOUT

from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.charts.rows import text_of
from tui_batching.tui.bars import tab_row
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import VIEWS, View

MODULE = '''
from textual.app import ComposeResult

from tui_batching.charts.pen import Pen
from tui_batching.tui.frame import Frame
from tui_batching.tui.panes import StripView
from tui_batching.tui.views.view import View


class MadeUpView(View):
    """Shows one sentence."""

    title = ("Made up", "Made")
    hint = "that somebody added a view"

    def compose(self) -> ComposeResult:
        yield StripView()

    def show_words(self, frame: Frame) -> None:
        pane = self.query_one(StripView)
        pane.present([self.hint_row(frame, pane.content_size.width)])
'''
PROGRAM = """
import asyncio, json, sys

sys.path[:0] = [{tests!r}, {folder!r}]
import conftest
from made_up import MadeUpView
from tui_batching.tui import views

views.VIEWS = (*views.VIEWS, MadeUpView)  # the line

from stage import on_stage
from tui_batching.tui.bindings import KEYS
from tui_batching.tour import parse_deck

told = {{}}


async def look():
    async with on_stage(size=(80, 24)) as stage:
        await stage.press("0", "v")
        told["next"] = stage.seen()
        await stage.press("v", "V")
        told["back"] = stage.seen()
        await stage.press("1")
        await stage.pilot.click(offset=(stage.rows()[1].index("Made"), 1))
        await stage.settled()
        told["click"] = stage.seen()
        await stage.press("1", "ctrl+p", *"made up")
        await stage.until(lambda: "See that somebody added a view." in stage.seen())
        await stage.press("enter")
        await stage.until(lambda: stage.live.seen == "made-up")
        told["palette"] = stage.seen()
        await stage.press("question_mark")
        for _ in range(8):
            told["help"] = told.get("help", "") + stage.seen()
            await stage.press("pagedown")


asyncio.run(look())
told["keys"] = KEYS.in_markdown()
told["names"] = views.view_names()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is seen of a made-up view in a program that has it."""
    folder = tmp_path_factory.mktemp("further")
    (folder / "made_up.py").write_text(MODULE)
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(tests=str(tests), folder=str(folder))],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("way", ["next", "back", "click", "palette"])
def test_it_is_reached_by_keys_by_its_tab_and_by_the_palette(told: dict[str, str], way: str):
    _, tabs, row, *_ = told[way].split("\n")
    assert tabs.rstrip().endswith("Made")
    assert row.strip() == "that somebody added a view"


def test_help_keys_and_decks_know_it(told: dict[str, str]):
    for text in ("Made up", "See that somebody added a view.", "Next view", "View back"):
        assert text in told["help"]
    for text in ("view-made-up", "See that somebody added a view.", "view-next", "view-back"):
        assert text in told["keys"]
    assert told["names"][-1] == "made-up"


def many(count: int) -> list[type[View]]:
    """The views there are, and made-up ones."""
    words = [f"Further {number}" for number in range(count)]
    return [*VIEWS, *(type("Further", (View,), {"title": (word, word)}) for word in words)]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("count", [0, 1, 5, 20])
def test_the_view_that_is_seen_has_its_tab_whatever_the_number_of_views(width: int, count: int):
    views, palette = many(count), load_palettes()[DEFAULT_THEME]
    clicks: set[str] = set()
    for view in views:
        cells = tab_row(views, view.named(), width, KEYS, palette)
        text = text_of(cells)
        assert len(text) == width
        assert "…" not in text
        [here] = [cell.text for cell in cells if cell.style and cell.style.reverse]
        assert here.endswith(view.title)
        opened = [cell.style.meta["@click"] for cell in cells if "@click" in cell.style.meta]
        number = views.index(view)
        for neighbour in views[max(0, number - 1) : number + 2]:  # or the sign that opens it
            assert f"screen.view({neighbour.named()!r})" in opened
        clicks |= set(opened)
        for end, sign in ((views[0], "‹"), (views[-1], "›")):
            assert (sign in text) is not any(
                cell.style.meta.get("@click") == f"screen.view({end.named()!r})"
                for cell in cells
                if cell.text.strip() != sign
            )
    assert len(clicks) == len(views)
