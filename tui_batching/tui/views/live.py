"""The live view: a lane a strategy, the race, two charts, and why somebody waits."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult

from tui_batching.charts.lane_pen import bar_scale
from tui_batching.charts.lane_rows import lane_layouts
from tui_batching.charts.lane_view import BARS, LaneView, lane_view, mark_time
from tui_batching.charts.live_legend import legend_row, newcomers
from tui_batching.charts.live_page import GUTTER, LIVE_PARTS, LiveLayout, told_rows
from tui_batching.charts.race import RaceRequest, race_rows
from tui_batching.charts.running_charts import LATENCY, UTILIZATION, pairs_of
from tui_batching.sim.kv_levels import tells_kv_of_stays
from tui_batching.tui.frame import Frame
from tui_batching.tui.lane import Lanes
from tui_batching.tui.panes import ChartPane, SideBySide, StripView
from tui_batching.tui.views.view import View

_THICKER = 4
"""By how many rows a slot may be higher where only parts of the page are shown."""


class DrawnRows(StripView):
    """Rows that the view itself knows how to draw."""

    DEFAULT_CSS = """
    DrawnRows { background: $background; }
    """


class LiveView(View):
    """Plays the strategies of a workload side by side.

    Attributes:
        lanes: one for each strategy.
    """

    key = "1"
    title = ("Live", "Live")
    hint = "who is in which slot, who waits, and why"
    has_playhead = True
    has_panels = True
    parts = LIVE_PARTS
    bars = BARS
    DEFAULT_CSS: ClassVar[str] = """
    LiveView #lanes { height: 1fr; }
    LiveView ChartPane { width: 1fr; height: 1fr; padding: 0 1; background: $background; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(id=id)
        self.lanes = Lanes(id="lanes")
        self._race, self._told = DrawnRows(id="race"), DrawnRows(id="why")
        self._legend = DrawnRows(id="legend")
        self._panes = (ChartPane(UTILIZATION, id="left"), ChartPane(LATENCY, id="right"))
        self._charts = SideBySide(*self._panes, id="charts")
        self._pair = 0
        self._tells_memory = False

    def compose(self) -> ComposeResult:
        yield self.lanes
        yield self._race
        yield self._charts
        yield self._told
        yield self._legend

    def show(self, frame: Frame) -> None:
        """The lanes and all that is told of them: what is seen is of one instant.

        The charts that were drawn since are shown now, as every picture of its own costs.
        """
        lanes, layout = self.lanes.seen, self._layout(frame)
        self._lay_out(layout)
        places = [lane.content_size for lane in lanes]
        if not all(place.area for place in places):
            return  # there are new lanes, which ask when they are laid out
        scene, palette, width = frame.scene, frame.palette, self.size.width
        self._tells_memory = any(map(tells_kv_of_stays, scene.runs))
        seen = [lane.number for lane in lanes]
        views = [self._view_of(frame, number) for number in seen]
        sizes = [(place.width - GUTTER, place.height) for place in places]
        scale = bar_scale(views, min(width for width, _ in sizes))
        layouts = lane_layouts(views, min(height for _, height in sizes) - 1)
        for lane, view, rows in zip(lanes, views, layouts, strict=True):
            lane.show(view, frame, scale, rows)
        if self._race.display:
            every, marked = range(len(scene.runs)), mark_time(frame.speed)
            racing = every if layout.racing == len(every) else seen
            race = RaceRequest(scene, frame.time, racing, width, palette, marked, frame.selected)
            self._race.present(race_rows(race))
        moments = [frame.moments[number] for number in seen]
        height, words = self._told.content_size.height, width - GUTTER  # as wide as the lanes
        self._told.present(
            told_rows(
                scene,
                moments,
                frame.selected,
                height,
                words,
                palette,
                frame.keys,
                reasons=frame.shows("reasons"),
            )
        )
        notes = newcomers(frame.keys) if frame.greets else ()
        if not frame.shows("reasons"):  # nor are there parts of a request to explain
            views = [replace(view, selected=None) for view in views]
        in_focus, more = bool(self.lanes.focused or frame.focus), f"{frame.keys['help']} more"
        self._legend.present(
            [legend_row(views, sizes, words, palette, notes, focused=in_focus, more=more)]
        )
        for pane in self._panes:
            pane.keeps_step = frame.playing
            pane.catch_up()
        if not all(pane.has_lines for pane in self._panes):
            self.show_words(frame)  # no chart is empty when the race is not

    @staticmethod
    def _view_of(frame: Frame, lane: int) -> LaneView:
        view = lane_view(frame.scene, lane, frame.time, frame.selected, frame.speed)
        return replace(
            view,
            moment=frame.moments[lane],
            still=not frame.playing,
            thickest=frame.thickest + (_THICKER if frame.show else 0),
            tells_rule=not frame.presenting,
            tells_memory=frame.shows("memory"),
            tells_shares=frame.shows("shares"),
            bars=frame.bars,
        )

    def show_words(self, frame: Frame) -> None:
        """The charts, once they have the size that they are given: a picture is drawn seldom."""
        if self._charts.size.height != self._layout(frame).charts:
            return
        pairs = pairs_of(frame.scene)
        for pane, chart in zip(self._panes, pairs[self._pair % len(pairs)], strict=True):
            pane.draw_as(chart)
            pane.show(frame.scene, frame.time, frame.palette)

    def next_quantity(self) -> None:
        """Turn to the next pair of charts."""
        self._pair += 1

    def _layout(self, frame: Frame) -> LiveLayout:
        every, parts = frame.scene.runs, frame.selected is not None
        seen = [every[lane.number] for lane in self.lanes.seen]
        over, show = frame.time >= frame.scene.end, frame.show or LIVE_PARTS
        return LiveLayout.of(self.size.height, seen, len(every), parts=parts, over=over, show=show)

    def _lay_out(self, layout: LiveLayout) -> None:
        """Give each part its rows; those without any are not there."""
        for part, rows in (
            (self._race, layout.race), (self._charts, layout.charts),
            (self._told, layout.told), (self._legend, layout.legend),
        ):  # fmt: skip
            part.display = rows > 0
            part.styles.height = rows

    def can(self, action: str) -> bool:
        """Lanes scroll only if there are more than fit, and charts turn only if they are seen.

        Bars tell memory only where it is known of each request.
        """
        if action == "next_quantity":
            return self._charts.display
        if action == "turn_bars":
            return self._tells_memory
        return super().can(action) and (self.lanes.has_more or "pages" not in action)

    def scroll_pages(self, pages: int) -> None:
        """Show lanes further right, or left if negative."""
        self.lanes.move(pages)
