"""The stage: keys and timers in, one frame out to the view that is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from tui_batching.analysis.scene import Scene
from tui_batching.charts.palette import Palette
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.errors import InputError
from tui_batching.tour import Deck, load_deck
from tui_batching.tui.bindings import KEYS, bindings
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.exports import Export, save
from tui_batching.tui.frame import Frame
from tui_batching.tui.key_bar import KeyBar
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.lane import Lane
from tui_batching.tui.pace import LOCAL, Pace
from tui_batching.tui.player import Player
from tui_batching.tui.presenting.cue import Cue, view_names
from tui_batching.tui.presenting.talk import Talk
from tui_batching.tui.screens.black import BlackScreen
from tui_batching.tui.screens.help import HelpScreen
from tui_batching.tui.screens.pick_export import PickExport
from tui_batching.tui.screens.pick_workload import PickWorkload
from tui_batching.tui.simulation import Simulation
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.sweeper import Sweeper
from tui_batching.tui.tab_bar import TabBar
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.title_bar import TitleBar
from tui_batching.tui.views import VIEWS, View
from tui_batching.tui.views.view import Scrolls, ShowsSweep, Switches, Zooms
from tui_batching.workload import Workload

SMALLEST = (60, 20)
"""Columns and rows below which the lanes cannot stand side by side."""
TICK = 10 * MILLISECOND
_ABILITIES = {
    "zoom": Zooms,
    "pan": Zooms,
    "scroll_pages": Scrolls,
    "turn_pages": Scrolls,
    "next_quantity": Switches,
}
"""What a view needs for an action."""
_OF_TALKS = ("turn_pages", "blacken")
"""What is possible in every view while a talk is on."""


class Stage(Screen[None], inherit_bindings=False):
    """Plays the strategies of a workload, seen in one of the views.

    Attributes:
        scene: the Runs on stage.
        selected: the row of the selected request, or None.
        seen: the key of the view that is seen.
        deck: what is presented from the beginning, or None.
    """

    AUTO_FOCUS = ""  # no lane has the focus until somebody asks for it
    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
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
        self._frames = 0

    def compose(self) -> ComposeResult:
        """Title, tabs, the views, timeline, keys."""
        yield TitleBar(self._pace.note, id="title")
        yield TabBar(id="tabs")
        yield Simulation(self._workload, id="simulation")
        yield Sweeper(id="sweeper")
        with Container(id="body"):
            yield Talk(id="talk")
            with ContentSwitcher(initial=_id_of(VIEWS[0].key), id="views"):
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

    # Views

    def watch_seen(self) -> None:
        """Bring another view to the front."""
        self.query_one("#views", ContentSwitcher).current = _id_of(self.seen)
        self.refresh_bindings()
        self._show()

    def action_view(self, key: str) -> None:
        """Look at another view."""
        self.seen = key

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A key acts only where the view that is seen knows what to do."""
        return self._can(action)

    def _can(self, action: str) -> bool:
        name = action.partition("(")[0]
        if name in _OF_TALKS and self._talk.is_on:
            return True
        needed = _ABILITIES.get(name)
        return isinstance(self.view, needed) if needed else name not in _OF_TALKS

    def action_zoom(self, notches: int) -> None:
        """Show a shorter or a longer stretch of time."""
        if isinstance(self.view, Zooms):
            self.view.zoom(notches)
            self._show()

    def action_pan(self, notches: int) -> None:
        """Show a later or an earlier stretch of time."""
        if isinstance(self.view, Zooms):
            self.view.pan(notches)
            self._show()

    def action_scroll_pages(self, pages: int) -> None:
        """Show other rows."""
        if isinstance(self.view, Scrolls):
            self.view.scroll_pages(pages)
            self._show()

    def action_next_quantity(self) -> None:
        """Show another quantity."""
        if isinstance(self.view, Switches):
            self.view.next_quantity()
            self._show()

    # Simulating

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
        for notice in event.scene.workload.notices:
            if notice not in told:
                self.notify(notice, markup=False)
        await self._set_lanes([run.strategy.name for run in event.scene.runs])
        self.scene = event.scene
        self._sweeper.load(event.scene.workload, self._simulation.staged.at_own_load)
        self._player.load(event.scene.runs, self._wall())
        if event.cue is not None:
            self._follow(event.cue, event.scene)
        self.call_after_refresh(self._show)

    async def _set_lanes(self, names: list[str]) -> None:
        if names != [lane.id for lane in self.query(Lane)]:
            await self.query(Lane).remove()
            await self.query_one("#lanes").mount_all(Lane(id=name) for name in names)

    def on_simulation_refused(self, event: Simulation.Refused) -> None:
        """Say why all is as it was."""
        self.notify(event.reason, severity="error", markup=False)

    def _turn(self, turned: Callable[[Knobs], Knobs]) -> None:
        """Apply what a parameter key asks for, or say why it cannot."""
        try:
            self._simulation.start(turned(self._simulation.knobs))
        except InputError as error:
            self.notify(str(error), severity="warning", markup=False)

    def _lanes_meant(self) -> list[str]:
        """The focused lane, else all of them."""
        lanes = list(self.query(Lane))
        focused = [lane for lane in lanes if lane.has_focus]
        return [lane.id or "" for lane in focused or lanes]

    # Presenting

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

    def action_present(self) -> None:
        """Begin the tour, or leave it."""
        if self._talk.is_on:
            self._talk.leave()
        else:
            self._talk.begin(self._talk.deck or load_deck(None, view_names()), self._on_stage)

    def action_turn_pages(self, pages: int) -> None:
        """Turn to another chapter while a talk is on, else show other rows."""
        if self._talk.is_on:
            self._talk.turn(pages)
        else:
            self.action_scroll_pages(pages)

    def action_blacken(self) -> None:
        """Show nothing, and let no simulated time pass meanwhile."""
        playing = self._player.playing
        if playing:
            self.action_toggle_play()

        def light(_: None) -> None:
            if playing:
                self.action_toggle_play()
            self._talk.say_where()

        self._talk.say_where(black=True)
        self.app.push_screen(BlackScreen(), light)

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
        self._turn(lambda knobs: knobs.turn_batch_size(notches, self._lanes_meant()))

    def action_timeout(self, notches: int) -> None:
        """Change the dynamic timeout."""
        self._turn(lambda knobs: knobs.turn_timeout(notches, self._lanes_meant()))

    def action_load(self, notches: int) -> None:
        """Change the arrival rate."""
        self._turn(lambda knobs: knobs.turn_load(notches))

    def action_new_seed(self) -> None:
        """Draw other requests."""
        self._turn(Knobs.next_seed)

    async def action_pick_workload(self) -> None:
        """Choose another workload."""
        await self.app.push_screen(
            PickWorkload(self._simulation.knobs.base.name), self._take_workload
        )

    def _take_workload(self, workload: Workload | None) -> None:
        if workload is not None:
            self._turn(lambda _: Knobs(workload))

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
        """Select nothing and focus nothing; where that changes nothing, leave the tour."""
        if (
            self._talk.is_on
            and self.focused is None
            and self._selected_id in (None, self._talk.selects)
        ):
            self._talk.leave()
        self.selected = None
        self.set_focus(None)

    def on_strip_view_request_clicked(self, event: StripView.RequestClicked) -> None:
        """Select the request, or unselect it if it is selected."""
        self.selected = None if event.row == self.selected else event.row

    def action_next_theme(self) -> None:
        """Change the colours."""
        names = list(self._palettes)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    async def action_pick_export(self) -> None:
        """Choose what to save."""
        await self.app.push_screen(PickExport(), self._take_export)

    def _take_export(self, export: Export | None) -> None:
        if export is not None:
            # The dialog is still there, and so may be the word that another file was saved.
            self.app.clear_notifications()
            self.call_after_refresh(self._save, export)

    def _save(self, export: Export) -> None:
        frame = self.frame
        if frame is not None:
            picture = self.app.export_screenshot() if export.write is None else ""
            self.run_worker(self._save_file(export, frame, picture), group="save")

    async def _save_file(self, export: Export, frame: Frame, picture: str) -> None:
        try:
            file = await asyncio.to_thread(save, export, frame, self.view.title[0], picture)
        except InputError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"saved {file}", markup=False)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(ascii_only=self._pace.ascii))


def _id_of(key: str) -> str:
    return f"view-{key}"
