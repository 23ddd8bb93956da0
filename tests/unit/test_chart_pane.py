"""A pane shows what it has drawn at once, or together with all else that moves."""

from rich.segment import Segment
from textual.app import App, ComposeResult

from tui_batching.charts.rows import Cells
from tui_batching.tui.panes import DrawnPane


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
            return pane.render_line(0).text

        assert await draw("paused") == "paused"
        pane.keeps_step = True
        assert await draw("playing") == "paused"
        pane.catch_up()
        assert pane.render_line(0).text == "playing"
        pane.catch_up()
        assert pane.render_line(0).text == "playing"
