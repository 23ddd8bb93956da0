"""The live view: keys and timers in, one scene and one instant out to the widgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.charts.live import LATENCY, UTILIZATION
from tui_batching.charts.palette import Palette
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.errors import InputError
from tui_batching.tui.bindings import bindings
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.key_bar import KeyBar
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.lane import Lane
from tui_batching.tui.lane_view import lane_view
from tui_batching.tui.player import Player
from tui_batching.tui.screens.help import HelpScreen
from tui_batching.tui.screens.pick_workload import PickWorkload
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.title_bar import TitleBar, TitleView
from tui_batching.tui.why_pane import WhyPane
from tui_batching.workload import Workload

FRAMES_PER_SECOND = 10
WORDS_PER_SECOND = 3
SMALLEST = (60, 20)
"""Columns and rows below which the lanes cannot stand side by side."""
TICK = 10 * MILLISECOND
SLOW_SECONDS = 0.5
"""A simulation that takes longer shows a progress bar."""


class LiveScreen(Screen[None], inherit_bindings=False):
    """Plays the strategies of a workload side by side."""

    AUTO_FOCUS = ""  # no lane has the focus until somebody asks for it
    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    scene: reactive[Scene | None] = reactive(None, init=False)
    selected: reactive[int | None] = reactive(None, init=False)

    def __init__(
        self,
        workload: Workload,
        palettes: Mapping[str, Palette],
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._palettes = palettes
        self._knobs = self._staged = Knobs(workload)
        self._player = Player()
        self._tick_length = tick
        self._wall = wall

    def compose(self) -> ComposeResult:
        """Title, lanes, charts, why, timeline, keys."""
        yield TitleBar(id="title")
        yield ProgressBar(id="progress", show_eta=True)
        with Horizontal(id="lanes"):
            for strategy in self._knobs.base.strategies:
                yield Lane(id=strategy.name)
        with Horizontal(id="charts"):
            yield ChartPane(UTILIZATION, id="utilization")
            yield ChartPane(LATENCY, id="latency")
        yield WhyPane(id="why")
        yield Timeline(id="timeline")
        yield KeyBar(id="keys")
        with Vertical(id="too-small"):
            yield Static("tui-batching needs at least 60 columns and 20 rows: please enlarge it.")

    def on_mount(self) -> None:
        """Simulate, and start the clocks."""
        self.app.theme_changed_signal.subscribe(self, self._take_theme)
        self.set_interval(1 / FRAMES_PER_SECOND, self._next_frame)
        self.set_interval(1 / WORDS_PER_SECOND, self._next_words)
        self._simulate(self._knobs)

    # Frames

    def _next_frame(self) -> None:
        if self._player.playing:
            self._player.tick(self._wall())
            self._show_picture()
            if self._player.at_end:
                self._show_words()

    def _next_words(self) -> None:
        if self._player.playing:
            self._show_words()

    def _show(self) -> None:
        """Show the scene at the playhead; everything on screen is a function of the two."""
        self._show_picture()
        self._show_words()

    def _show_picture(self) -> None:
        """What has to move smoothly."""
        if self.scene is None:
            return
        player, palette, at = self._player, self._palette, self._player.time
        title = TitleView(self.scene, at, player.playing, player.speed)
        self.query_one(TitleBar).show(title, palette)
        for number, lane in enumerate(self.query_one("#lanes").query_children(Lane)):
            lane.show(lane_view(self.scene, number, at, self.selected), palette)
        self.query_one(Timeline).show(self.scene, at, palette, self.selected)

    def _show_words(self) -> None:
        """What has to be read in peace: sentences and charts."""
        if self.scene is None:
            return
        palette, at = self._palette, self._player.time
        moments = [run.at(at) for run in self.scene.runs]
        self.query_one(KeyBar).show(palette)
        self.query_one(WhyPane).show(moments, self.selected, palette)
        for pane in self.query_one("#charts").query_children(ChartPane):
            pane.show(self.scene, at, palette)

    def on_resize(self) -> None:
        """Choose what there is room for; then draw at the new sizes."""
        width, height = self.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        self.set_class(height < 33, "-low")
        self.set_class(height >= 42, "-high")
        self.call_after_refresh(self._show)

    @property
    def _palette(self) -> Palette:
        return self._palettes[self.app.theme]

    def _take_theme(self, _: object) -> None:
        self.call_after_refresh(self._show)

    def watch_selected(self) -> None:
        """Mark the selected request everywhere."""
        self._show()

    # Simulating

    def _simulate(self, knobs: Knobs) -> None:
        """Simulate in the background; a newer wish replaces one that is still under way."""
        workload = knobs.workload
        self._knobs = knobs
        self.run_worker(self._build(knobs, workload), group="simulate", exclusive=True)

    async def _build(self, knobs: Knobs, workload: Workload) -> None:
        """Compute the scene in a thread and put it on stage; what fails leaves all as it was."""
        progress = self.query_one(ProgressBar)
        progress.update(total=len(workload.strategies), progress=0)
        slow = self.set_timer(SLOW_SECONDS, lambda: progress.add_class("-shown"))

        def one_done(lanes: int) -> None:
            self.call_later(progress.update, progress=lanes)

        try:
            scene = await asyncio.to_thread(build_scene, workload, self.scene, one_done)
        except InputError as error:
            self._knobs = self._staged
            self.notify(str(error), severity="error")
            return
        finally:
            slow.stop()
            progress.remove_class("-shown")
        if knobs.base is not self._staged.base:
            await self._clear_stage([strategy.name for strategy in workload.strategies])
        self._staged, self.scene = knobs, scene
        self._player.load(scene.runs, self._wall())
        self.call_after_refresh(self._show)

    async def _clear_stage(self, names: list[str]) -> None:
        """Make room for another workload: its lanes, nothing selected, time zero."""
        self.scene, self.selected = None, None
        if names != [lane.id for lane in self.query(Lane)]:
            await self.query(Lane).remove()
            await self.query_one("#lanes").mount_all(Lane(id=name) for name in names)
        self._player.seek(0, self._wall())

    def _turn(self, turned: Callable[[], Knobs]) -> None:
        """Apply what a parameter key asks for, or say why it cannot."""
        try:
            self._simulate(turned())
        except InputError as error:
            self.notify(str(error), severity="warning")

    def _lanes_meant(self) -> list[str]:
        """The focused lane, else all of them."""
        lanes = list(self.query(Lane))
        focused = [lane for lane in lanes if lane.has_focus]
        return [lane.id or "" for lane in focused or lanes]

    # Actions: playing

    def action_toggle_play(self) -> None:
        """Play or pause."""
        self._player.toggle(self._wall())
        self._show()

    def action_step(self, count: int) -> None:
        """Go over `count` iteration boundaries."""
        self._player.step(count, self._wall())
        self._show()

    def action_tick(self, count: int) -> None:
        """Go `count` ticks of simulated time."""
        self._seek(self._player.time + count * self._tick_length)

    def action_home(self) -> None:
        """Go to time zero."""
        self._seek(0)

    def action_end(self) -> None:
        """Go to the end."""
        self._seek(self._player.end)

    def action_restart(self) -> None:
        """Play again from time zero."""
        self._seek(0)
        if not self._player.playing:
            self.action_toggle_play()

    def action_speed(self, notches: int) -> None:
        """Play faster or slower."""
        self._player.change_speed(notches, self._wall())
        self._show()

    def on_timeline_scrubbed(self, event: Timeline.Scrubbed) -> None:
        """Follow the mouse on the timeline."""
        self._seek(event.instant)

    def _seek(self, instant: Picoseconds) -> None:
        self._player.seek(instant, self._wall())
        self._show()

    # Actions: parameters

    def action_batch_size(self, notches: int) -> None:
        """Change the batch size."""
        self._turn(lambda: self._knobs.turn_batch_size(notches, self._lanes_meant()))

    def action_timeout(self, notches: int) -> None:
        """Change the dynamic timeout."""
        self._turn(lambda: self._knobs.turn_timeout(notches, self._lanes_meant()))

    def action_load(self, notches: int) -> None:
        """Change the arrival rate."""
        self._turn(lambda: self._knobs.turn_load(notches))

    def action_new_seed(self) -> None:
        """Draw other requests."""
        self._turn(self._knobs.next_seed)

    async def action_pick_workload(self) -> None:
        """Choose another workload."""
        await self.app.push_screen(PickWorkload(self._knobs.base.name), self._take_workload)

    def _take_workload(self, workload: Workload | None) -> None:
        if workload is not None:
            self._turn(lambda: Knobs(workload))

    # Actions: looking

    def action_focus_lane(self, direction: int) -> None:
        """Go through the lanes, and through having none focused."""
        stops: list[Lane | None] = [None, *self.query(Lane)]
        focused = self.focused if isinstance(self.focused, Lane) else None
        self.set_focus(stops[(stops.index(focused) + direction) % len(stops)])

    def action_select(self, direction: int) -> None:
        """Select the next or the previous request."""
        if self.scene is None:
            return
        count = len(self.scene.workload.requests)
        before = self.selected
        if before is None:
            before = -1 if direction > 0 else 0
        self.selected = (before + direction) % count

    def action_unselect(self) -> None:
        """Select nothing and focus nothing."""
        self.selected = None
        self.set_focus(None)

    def on_strip_view_request_clicked(self, event: StripView.RequestClicked) -> None:
        """Select the request, or unselect it if it is selected."""
        self.selected = None if event.row == self.selected else event.row

    def action_next_theme(self) -> None:
        """Change the colours."""
        names = list(self._palettes)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen())
