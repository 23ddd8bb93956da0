"""What is on stage and how it is shown: timers and messages in, one frame out to the view."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Static

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.cost import Cost, Profile
from tui_batching.tour import Deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.frame import Frame
from tui_batching.tui.holders import Body, Pages
from tui_batching.tui.key_bar import KeyBar
from tui_batching.tui.lane import Lane
from tui_batching.tui.pace import LOCAL, Pace
from tui_batching.tui.player import Player
from tui_batching.tui.presenting.cue import Cue
from tui_batching.tui.presenting.talk import Talk
from tui_batching.tui.simulation import Simulation
from tui_batching.tui.sweeper import Sweeper
from tui_batching.tui.tab_bar import TabBar
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.title_bar import TitleBar
from tui_batching.tui.views import VIEWS, View
from tui_batching.tui.views.live import LiveView
from tui_batching.tui.views.view import Scrolls, ShowsSweep, Switches, Zooms
from tui_batching.workload import Workload

SMALLEST = (60, 20)
"""Columns and rows below which the lanes cannot stand side by side."""
TICK = 10 * MILLISECOND
EMPTY_SECONDS = 24 * 3600
"""How long it is told why nothing is on stage."""
WARNING_SECONDS = 12
"""How long a warning stays: its sentence has several figures."""
_ABILITIES = {
    "zoom": Zooms,
    "pan": Zooms,
    "scroll_pages": Scrolls,
    "turn_pages": Scrolls,
    "next_quantity": Switches,
    "focus_lane": LiveView,
}
"""What a view needs for an action."""
_OF_TALKS = ("turn_pages", "blacken")
"""What is possible in every view while a talk is on."""


class Showing(Screen[None], inherit_bindings=False):
    """Shows the strategies of a workload at the playhead, in one of the views.

    Attributes:
        scene: the Runs on stage.
        selected: the row of the selected request, or None.
        seen: the key of the view that is seen.
        deck: what is presented from the beginning, or None.
    """

    BLANK = True  # the bars and the body fill it
    AUTO_FOCUS = ""  # no lane has the focus until somebody asks for it
    scene: reactive[Scene | None] = reactive(None, init=False)
    selected: reactive[int | None] = reactive(None, init=False)
    seen: reactive[str] = reactive(VIEWS[0].key, init=False)

    def __init__(
        self,
        workload: Workload,
        palettes: Mapping[str, Palette],
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        pace: Pace = LOCAL,
    ) -> None:
        super().__init__()
        self._palettes = palettes
        self._workload = workload
        self._player = Player()
        self._tick_length = tick
        self._wall = wall
        self._pace = pace
        self.deck: Deck | None = None
        self._outdated = False
        self._tells_why_empty = False
        self._frames = 0
        self._warned: set[tuple[str, Cost, Profile | None, str]] = set()

    def compose(self) -> ComposeResult:
        """Title, tabs, the views, timeline, keys."""
        yield TitleBar(self._pace.note, id="title")
        yield TabBar(id="tabs")
        yield Simulation(self._workload, id="simulation")
        yield Sweeper(id="sweeper")
        with Body(id="body"):
            yield Talk(id="talk")
            with Pages(initial=_id_of(VIEWS[0].key), id="views"):
                for view in VIEWS:
                    yield view(id=_id_of(view.key))
        yield Timeline(id="timeline")
        yield KeyBar(ascii_only=self._pace.ascii, id="keys")
        with Vertical(id="too-small"):
            yield Static("tui-batching needs at least 60 columns and 20 rows: please enlarge it.")

    def on_mount(self) -> None:
        """Simulate, and start the clocks."""
        self.app.theme_changed_signal.subscribe(self, self._take_theme)
        self.app.app_resume_signal.subscribe(self, lambda _: self._seek(self._player.time))
        self.set_interval(1 / self._pace.frames, self._next_frame)
        for pane in self.query(ChartPane):
            pane.rest_seconds = 1 / self._pace.charts
        if self.deck is None:
            self._simulation.start(self._simulation.knobs)
        else:
            self._talk.begin(self.deck, self._on_stage)

    @property
    def view(self) -> View:
        """The view that is seen."""
        return self.query_one(f"#{_id_of(self.seen)}", View)

    # Frames

    def _next_frame(self) -> None:
        if self._player.playing:
            self._player.tick(self._wall())
            frame = self.frame
            self._show_picture(frame)
            self._frames += 1
            if self._player.at_end or self._frames % self._pace.frames_a_word == 0:
                self._show_words(frame)

    def _show(self) -> None:
        """Show the scene at the playhead."""
        self._outdated = False
        if isinstance(self.view, ShowsSweep):
            self._sweeper.want(self.view.sweep_kind)
        frame = self.frame
        self._show_picture(frame)
        self._show_words(frame)
        self._show_keys(frame)

    @property
    def frame(self) -> Frame | None:
        """What is to be seen now; None before the first scene."""
        if self.scene is None:
            return None
        player, view = self._player, self.view
        return Frame(
            scene=self.scene,
            time=player.time,
            playing=player.playing,
            speed=player.speed,
            selected=self.selected,
            palette=self._palettes[self.app.theme],
            sweep=self._sweeper.state(view.sweep_kind) if isinstance(view, ShowsSweep) else None,
        )

    def _show_picture(self, frame: Frame | None) -> None:
        """What has to move smoothly."""
        if frame is not None:
            self.query_one(TitleBar).show(frame)
            self.query_one(Timeline).show(frame)
            self.view.show(frame)

    def _show_words(self, frame: Frame | None) -> None:
        """What has to be read in peace."""
        if frame is not None:
            self._talk.show(frame)
            self.view.show_words(frame)

    def _show_keys(self, frame: Frame | None) -> None:
        """What can be done, which no playing changes."""
        if frame is not None:
            keys = [key for key in KEYS if self._can(key.action)]
            if not self._talk.is_on:  # PageUp and PageDown scroll, too
                keys = [key for key in keys if not key.action.startswith("scroll_pages")]
            self.query_one(KeyBar).show(keys, frame.palette)
            self.query_one(TabBar).show(VIEWS, self.seen, frame.palette)

    def on_resize(self) -> None:
        """Choose what there is room for; then draw at the new sizes."""
        width, height = self.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        left = self._talk.take_room(width, height, self._palettes[self.app.theme])
        self.set_class(left < 33, "-low")
        self.set_class(left >= 42, "-high")

    def on_strip_view_resized(self) -> None:
        """Draw at the new sizes, once for all widgets that have changed theirs."""
        if not self._outdated:
            self._outdated = True
            self.call_after_refresh(self._show)

    def _take_theme(self, _: object) -> None:
        self.call_after_refresh(self._show)

    def watch_selected(self) -> None:
        """Mark the selected request everywhere."""
        self._show()

    def watch_seen(self) -> None:
        """Bring another view to the front."""
        self.query_one("#views", Pages).current = _id_of(self.seen)
        self.set_focus(None)
        self.refresh_bindings()
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A key acts only where the view that is seen knows what to do."""
        return self._can(action)

    def _can(self, action: str) -> bool:
        name = action.partition("(")[0]
        if name in _OF_TALKS and self._talk.is_on:
            return True
        needed = _ABILITIES.get(name)
        return isinstance(self.view, needed) if needed else name not in _OF_TALKS

    @property
    def _simulation(self) -> Simulation:
        return self.query_one(Simulation)

    @property
    def _sweeper(self) -> Sweeper:
        return self.query_one(Sweeper)

    def on_sweeper_changed(self) -> None:
        """Show how far the sweep is, or what came of it."""
        self._show_words(self.frame)

    async def on_simulation_staged(self, event: Simulation.Staged) -> None:
        """Put the scene on stage; with another workload, begin at its start."""
        if event.other_workload:
            self.selected = None
            self._player.seek(0, self._wall())
        told = self.scene.workload.notices if self.scene else ()
        if self._tells_why_empty:
            self._tells_why_empty = False
            self.app.clear_notifications()
        for notice in event.scene.workload.notices:
            if notice not in told:
                self.notify(notice, markup=False)
        self._warn(event.scene)
        await self._set_lanes([run.strategy.name for run in event.scene.runs])
        self.scene = event.scene
        self._sweeper.load(event.scene.workload, self._simulation.staged.at_own_load)
        self._player.load(event.scene.runs, self._wall())
        if event.cue is not None:
            self._follow(event.cue, event.scene)
        self.call_after_refresh(self._show)

    def _warn(self, scene: Scene) -> None:
        """Say what to doubt, each thing once for a workload and what an iteration costs."""
        workload = scene.workload
        for warned in scene.warnings:
            about = (workload.name, workload.cost, workload.cost.profile, warned.about)
            if about not in self._warned:
                self._warned.add(about)
                self.notify(
                    warned.sentence, severity="warning", timeout=WARNING_SECONDS, markup=False
                )

    async def _set_lanes(self, names: list[str]) -> None:
        if names != [lane.id for lane in self.query(Lane)]:
            await self.query(Lane).remove()
            await self.query_one("#lanes").mount_all(Lane(id=name) for name in names)

    def on_simulation_refused(self, event: Simulation.Refused) -> None:
        """Say why all is as it was; while there is nothing else to see, without end."""
        self._tells_why_empty = self.scene is None
        lasting = EMPTY_SECONDS if self._tells_why_empty else None
        self.notify(event.reason, severity="error", timeout=lasting, markup=False)

    @property
    def _talk(self) -> Talk:
        return self.query_one(Talk)

    @property
    def _on_stage(self) -> Cue:
        """What is on stage now."""
        player = self._player
        return Cue(
            knobs=self._simulation.knobs,
            view=self.seen,
            time=player.time,
            speed=player.speed,
            playing=player.playing,
            selected=self._selected_id,
        )

    @property
    def _selected_id(self) -> int | None:
        if self.selected is None or self.scene is None:
            return None
        return int(self.scene.workload.requests.id[self.selected])

    def on_talk_cued(self, event: Talk.Cued) -> None:
        """Bring on stage what a chapter needs."""
        self.on_resize()  # its text may need more or less room
        self._simulation.stage(event.cue, event.ahead)

    def _follow(self, cue: Cue, scene: Scene) -> None:
        """Set all but the scene, which is there already, as a cue asks."""
        self._player.set(cue.time, cue.speed, self._wall(), playing=cue.playing)
        self.set_focus(None)
        ids = scene.workload.requests.id.tolist()
        self.selected = ids.index(cue.selected) if cue.selected in ids else None
        self.seen = cue.view

    def _seek(self, instant: Picoseconds) -> None:
        self._player.seek(instant, self._wall())
        self._show()


def _id_of(key: str) -> str:
    return f"view-{key}"
