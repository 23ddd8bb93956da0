"""A lane: one strategy's column on screen."""

from __future__ import annotations

from tui_batching.charts.palette import STRATEGY_COLOURS, Palette, strategy_colour
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.rows import first_that_fits
from tui_batching.tui.lane_rows import lane_rows
from tui_batching.tui.lane_view import LaneView
from tui_batching.tui.strip_view import StripView


class Lane(StripView, can_focus=True):
    """Shows a LaneView; which lane has the focus is seen by the weight of its frame."""

    DEFAULT_CSS = (
        """
    Lane {
        width: 1fr;
        background: $surface;
        border: round $muted;
        border-title-style: bold;
        border-title-align: left;
    """
        + "".join(
            f"&.-strategy-{number} {{"
            f" border: round $strategy-{number}; border-title-color: $strategy-{number}; }}\n"
            for number in range(STRATEGY_COLOURS)
        )
        + """
        &:focus { border: heavy $accent; border-title-style: bold reverse; }
    }
    """
    )

    def show(self, view: LaneView, palette: Palette) -> None:
        """Draw what has changed."""
        strategy = view.moment.run.strategy
        width, height = self.content_size
        title = first_that_fits(strategy_titles(strategy), width - 4)
        if self.border_title != title:
            self.border_title = title
            self.set_classes(f"-{strategy_colour(strategy.name)}")
        self.present(lane_rows(view, width, height, palette))
