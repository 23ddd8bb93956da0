"""A pane shows what it has drawn at once, or together with all else that moves."""

import pytest
from rich.segment import Segment
from stage import on_stage
from textual.app import App, ComposeResult

from tui_batching.charts.rows import Cells, text_of
from tui_batching.tui.drawing_options import DrawingOptions
from tui_batching.tui.panes import DrawnPane

SELDOM = DrawingOptions(frames=10, words=1 / 3600, charts=1 / 3600)
"""Words and charts are drawn once an hour."""


class OnePane(App[None]):
    def compose(self) -> ComposeResult:
        yield DrawnPane(id="pane")


def drawing(text: str) -> list[Cells]:
    return [[Segment(text)]]


async def test_a_picture_is_shown_when_it_is_drawn_or_with_the_next_frame():
    app = OnePane()
    async with app.run_test() as pilot:
        pane = app.query_one(DrawnPane)
        pane.rest_seconds = 0.0

        async def draw(text: str) -> str:
            pane.want(text, lambda: drawing(text))
            await app.workers.wait_for_complete()
            await pilot.pause()
            return text_of(pane._presented[0])

        assert await draw("paused") == "paused"
        pane.keeps_step = True
        assert await draw("playing") == "paused"
        pane.catch_up()
        assert text_of(pane._presented[0]) == "playing"
        pane.catch_up()
        assert text_of(pane._presented[0]) == "playing"


@pytest.mark.parametrize("name", ["chat", "notebook"])
async def test_a_chart_is_not_empty_any_more_when_there_is_something_to_tell(name: str) -> None:
    async with on_stage(name, (120, 36), drawing=SELDOM) as stage:
        empty = ("nothing has run yet", "no answers yet")
        await stage.until(lambda: all(words in stage.seen() for words in empty))
        await stage.press("space")
        stage.wall.now += 5
        await stage.until(lambda: not any(words in stage.seen() for words in empty))
