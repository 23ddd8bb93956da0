"""Rows within the padding of a widget, on its ground."""

from rich.segment import Segment
from textual.app import App, ComposeResult

from tui_batching.tui.panes import StripView


class OnePane(App[None]):
    """An app with a padded pane of two rows, one of which is presented."""

    CSS = "StripView { padding: 1 2; background: $background; }"

    def compose(self) -> ComposeResult:
        yield StripView()


async def test_the_ground_around_a_row_follows_the_theme() -> None:
    app = OnePane()
    async with app.run_test(size=(12, 4)) as pilot:
        app.query_one(StripView).present([[Segment("one row")]])
        grounds = []
        for theme in ("textual-dark", "textual-light"):
            app.theme = theme
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            assert [strip.text.rstrip() for strip in strips] == ["", "  one row", "", ""]
            assert {strip.cell_length for strip in strips} == {12}
            blank = (part.style for strip in strips for part in strip if not part.text.strip())
            grounds.append({look and look.bgcolor for look in blank})
        assert [len(each) for each in grounds] == [1, 1]
        assert grounds[0] != grounds[1]
