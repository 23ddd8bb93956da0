"""The live view: a lane a strategy, the two charts, and why somebody waits."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from tui_batching.charts.live import LATENCY, UTILIZATION
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.frame import Frame
from tui_batching.tui.holders import SideBySide
from tui_batching.tui.lane import Lane
from tui_batching.tui.lane_view import lane_view
from tui_batching.tui.views.view import View
from tui_batching.tui.why_pane import WhyPane


class LiveView(View):
    """Plays the strategies of a workload side by side."""

    key = "1"
    title = ("Live", "Live")
    hint = "who is in which slot, who waits, and why"
    DEFAULT_CSS: ClassVar[str] = """
    LiveView #lanes { height: 1fr; }
    LiveView #charts { height: 12; }
    LiveView #charts ChartPane { width: 1fr; height: 1fr; }
    LiveView #why { height: 6; }
    """

    def compose(self) -> ComposeResult:
        """Lanes, charts, why."""
        yield SideBySide(id="lanes")
        with SideBySide(id="charts"):
            yield ChartPane(UTILIZATION, id="utilization")
            yield ChartPane(LATENCY, id="latency")
        yield WhyPane(id="why")

    @property
    def lanes(self) -> list[Lane]:
        """The lanes, in the workload's order of strategies."""
        return list(self.query(Lane))

    def show(self, frame: Frame) -> None:
        """The lanes; and the charts that were drawn since, as every picture of its own costs."""
        for number, lane in enumerate(self.lanes):
            lane.show(lane_view(frame.scene, number, frame.time, frame.selected), frame.palette)
        for pane in self.query(ChartPane):
            pane.keeps_step = frame.playing
            pane.catch_up()

    def show_words(self, frame: Frame) -> None:
        """The sentences and the charts."""
        self.query_one(WhyPane).show(frame.moments, frame.selected, frame.palette)
        for pane in self.query(ChartPane):
            pane.show(frame.scene, frame.time, frame.palette)
