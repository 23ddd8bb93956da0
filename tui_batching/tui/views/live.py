"""The live view: a lane a strategy, the two charts, and why somebody waits."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui_batching.charts.lane_view import lane_view
from tui_batching.charts.live_page import LATENCY, UTILIZATION, breakdown_rows, why_rows
from tui_batching.charts.palette import Palette
from tui_batching.sim.moment import Moment
from tui_batching.tui.frame import Frame
from tui_batching.tui.lane import Lanes
from tui_batching.tui.panes import ChartPane, SideBySide, StripView
from tui_batching.tui.views.view import View


class WhyPane(StripView):
    """Tells why somebody waits in each lane; or, of the selected request, where its time went."""

    DEFAULT_CSS = """
    WhyPane { background: $background; }
    """

    def show(self, moments: list[Moment], selected: int | None, palette: Palette) -> None:
        """Draw what has changed."""
        width, height = self.content_size
        rows_each = max(1, height // max(1, len(moments)))
        if selected is None:
            self.present(why_rows(moments, rows_each, width, palette))
        else:
            self.present(breakdown_rows(moments, selected, rows_each, width, palette))


class LiveView(View):
    """Plays the strategies of a workload side by side.

    Attributes:
        lanes: one for each strategy.
    """

    key = "1"
    title = ("Live", "Live")
    hint = "who is in which slot, who waits, and why"
    DEFAULT_CSS: ClassVar[str] = """
    LiveView #lanes { height: 1fr; }
    LiveView #charts { height: 12; }
    LiveView #charts ChartPane { width: 1fr; height: 1fr; }
    LiveView #why { height: 6; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self.lanes = Lanes(id="lanes")
        self._charts = (
            ChartPane(UTILIZATION, id="utilization"),
            ChartPane(LATENCY, id="latency"),
        )
        self._why = WhyPane(id="why")

    def compose(self) -> ComposeResult:
        yield self.lanes
        with SideBySide(id="charts"):
            yield from self._charts
        yield self._why

    def show(self, frame: Frame) -> None:
        """The lanes; and the charts that were drawn since, as every picture of its own costs."""
        for lane in self.lanes.seen:
            view = lane_view(frame.scene, lane.number, frame.time, frame.selected)
            lane.show(view, frame.palette)
        for pane in self._charts:
            pane.keeps_step = frame.playing
            pane.catch_up()

    def show_words(self, frame: Frame) -> None:
        """The sentences, of the lanes that are seen, and the charts."""
        moments = [frame.moments[lane.number] for lane in self.lanes.seen]
        self._why.show(moments, frame.selected, frame.palette)
        for pane in self._charts:
            pane.show(frame.scene, frame.time, frame.palette)

    def can(self, action: str) -> bool:
        """Lanes scroll only if there are more than fit."""
        return super().can(action) and (self.lanes.has_more or "pages" not in action)

    def scroll_pages(self, pages: int) -> None:
        """Show lanes further right, or left if negative."""
        self.lanes.move(pages)
