"""The main screen: what is shown, and what each key does to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Static

from tui_batching.analysis.scene import Scene
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.printable import printable
from tui_batching.strategies.parameters import KV_CACHE_TOKENS, TOKEN_BUDGET
from tui_batching.tour import Deck, load_deck
from tui_batching.tui.bars import KeyBar, ProgressRow, TabBar, TitleBar
from tui_batching.tui.bindings import KEYS, Key
from tui_batching.tui.dialogs import BlackScreen, HelpScreen, PickCost, PickExport, PickWorkload
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.exports import Export, save
from tui_batching.tui.frame import Frame, Snapshot
from tui_batching.tui.keymap import remapped
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.lane import Lane, Lanes
from tui_batching.tui.notices import Notices
from tui_batching.tui.panes import Body, ChartPane, Pages, StripView
from tui_batching.tui.player import Player
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.simulator import Refused, Simulated, Simulator
from tui_batching.tui.sweeper import Sweeper
from tui_batching.tui.textual_internals import EndsWorkFirst, bind
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.views import VIEWS, View, view_names
from tui_batching.tui.views.view import Scrolls, ShowsSweep, Switches, Zooms
from tui_batching.workload import Workload

SMALLEST = (60, 20)
"""Columns and rows below which the lanes cannot stand side by side."""
TICK = 10 * MILLISECOND


class MainScreen(EndsWorkFirst, Screen[None], inherit_bindings=False):
    """Plays the strategies of a workload, in one of the views, as the keys ask.

    Timers, the simulator and the sweeper change what a Frame is made of; the frame is then shown
    by the bars, the timeline, and the view that is seen.

    Attributes:
        keys: every key, as the user's keymap has it.
        scene: the Runs that are played.
        selected: the row of the selected request, or None.
        seen: the name of the view that is seen.
        deck: what is presented from the beginning, or None.
        sweeper: makes the sweeps that some views show.
    """

    BLANK = True  # the bars and the body fill it
    AUTO_FOCUS = ""  # no lane has the focus until somebody asks for it
    scene: reactive[Scene | None] = reactive(None, init=False)
    selected: reactive[int | None] = reactive(None, init=False)
    seen: reactive[str] = reactive(VIEWS[0].named(), init=False)

    def __init__(
        self,
        workload: Workload,
        config: Config,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        drawing: DrawingOptions = LOCAL,
    ) -> None:
        super().__init__()
        self.keys = KEYS if config.keys is None else remapped(KEYS, config.keys)
        bind(self, self.keys.bindings())
        self._palettes = config.palettes
        self._player = Player() if config.speed is None else Player(config.speed)
        self._tick_length = tick
        self._wall = wall
        self._drawing = drawing
        self.deck: Deck | None = None
        self._outdated = False
        self._frames = 0
        self._notices = Notices(self)
        self._progress = ProgressRow(id="simulation")
        self._simulator = Simulator(
            workload,
            partial(self.run_worker, group="simulate"),
            lambda outcome: self.call_later(self._take_outcome, outcome),
            self._progress,
        )
        self.sweeper = Sweeper(
            partial(self.run_worker, group="sweep"), lambda: self.call_later(self._show_sweep)
        )
        self._title_bar = TitleBar(drawing.note, id="title")
        self._tab_bar = TabBar(self.keys, id="tabs")
        self._presenter = Presenter(id="presenter")
        self._views = {view.named(): view(id=_id_of(view.named())) for view in VIEWS}
        self._timeline = Timeline(id="timeline")
        self._key_bar = KeyBar(ascii_only=drawing.ascii, id="keys")

    def compose(self) -> ComposeResult:
        yield self._title_bar
        yield self._tab_bar
        yield self._progress
        with Body(id="body"):
            yield self._presenter
            with Pages(initial=_id_of(self.seen), id="views"):
                yield from self._views.values()
        yield self._timeline
        yield self._key_bar
        with Vertical(id="too-small"):
            yield Static("tui-batching needs at least 60 columns and 20 rows: please enlarge it.")

    def on_mount(self) -> None:
        """Simulate, and start the clocks."""
        self.app.theme_changed_signal.subscribe(self, self._take_theme)
        self.app.app_resume_signal.subscribe(self, lambda _: self._seek(self._player.time))
        self.set_interval(1 / self._drawing.frames, self._next_frame)
        for pane in self.query(ChartPane):
            pane.rest_seconds = 1 / self._drawing.charts
        if self.deck is None:
            self._simulator.start(self._simulator.knobs)
        else:
            self._presenter.begin(self.deck, self._snapshot)

    def on_unmount(self) -> None:
        """Leave no process behind."""
        self.sweeper.stop()

    @property
    def view(self) -> View:
        """The view that is seen."""
        return self._views[self.seen]

    # Frames

    def _next_frame(self) -> None:
        if self._player.playing:
            self._player.tick(self._wall())
            frame = self.frame
            self._show_picture(frame)
            self._frames += 1
            if self._player.at_end or self._frames % self._drawing.frames_a_word == 0:
                self._show_words(frame)

    def _show(self) -> None:
        """Show the scene at the playhead."""
        self._outdated = False
        if isinstance(self.view, ShowsSweep) and self.scene is not None:
            self.sweeper.want(self.view.sweep_of(self.scene.workload))
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
            sweep=self.sweeper.state(view.sweep_kind) if isinstance(view, ShowsSweep) else None,
        )

    def _show_picture(self, frame: Frame | None) -> None:
        """What has to move smoothly."""
        if frame is not None:
            self._title_bar.show(frame)
            self._timeline.show(frame)
            self.view.show(frame)

    def _show_words(self, frame: Frame | None) -> None:
        """What has to be read in peace."""
        if frame is not None:
            self._presenter.show(frame)
            self.view.show_words(frame)

    def _show_keys(self, frame: Frame | None) -> None:
        """What can be done, which no playing changes."""
        if frame is not None:
            keys = self.keys.only(lambda key: self._can(key.action) and self._offers(key, frame))
            if not self._presenter.is_on:  # PageUp and PageDown scroll, too
                keys = keys.only(lambda key: not key.action.startswith("scroll_pages"))
            self._key_bar.show(keys, frame.palette)
            self._tab_bar.show(VIEWS, self.seen, frame.palette)

    @staticmethod
    def _offers(key: Key, frame: Frame) -> bool:
        """Whether a key is worth a place in the bar; the budget's is with an engine that has one.

        The memory is turned from the command palette alone.
        """
        if key.action.startswith("token_budget"):
            strategies = frame.scene.workload.strategies
            return any(each.parameter_called(TOKEN_BUDGET) for each in strategies)
        return not key.action.startswith("memory")

    def _show_sweep(self) -> None:
        """Show how far the sweep is, or what came of it."""
        self._show_words(self.frame)

    def on_resize(self) -> None:
        """Choose what there is room for; then draw at the new sizes."""
        width, height = self.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        left = self._presenter.take_room(width, height, self._palettes[self.app.theme])
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
        if self._presenter.is_on and name == "turn_pages":
            return True
        return self._presenter.is_on if name == "blacken" else self.view.can(name)

    # What is shown

    async def _take_outcome(self, outcome: Simulated | Refused) -> None:
        """Show the scene, from its start if it is another workload; or say why all is as it was."""
        if isinstance(outcome, Refused):
            self._notices.refuse(outcome.reason, without_end=self.scene is None)
            return
        if outcome.other_workload:
            self.selected = None
            self._player.seek(0, self._wall())
        self._notices.tell_of(outcome.scene, self.scene)
        mounted = self._lanes.hold(len(outcome.scene.runs))
        self.scene = outcome.scene
        self.sweeper.load(outcome.scene.workload, self._simulator.simulated.at_own_load)
        self._player.load(outcome.scene.runs, self._wall())
        if outcome.snapshot is not None:
            self._restore(outcome.snapshot, outcome.scene)
        await mounted
        self.call_after_refresh(self._show)

    @property
    def _lanes(self) -> Lanes:
        return self.query_one(Lanes)

    @property
    def _snapshot(self) -> Snapshot:
        """What is shown now."""
        player = self._player
        return Snapshot(
            knobs=self._simulator.knobs,
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

    def _restore(self, snapshot: Snapshot, scene: Scene) -> None:
        """Set all but the scene, which is there already, as in a snapshot."""
        self._player.set(snapshot.time, snapshot.speed, self._wall(), playing=snapshot.playing)
        self.set_focus(None)
        ids = scene.workload.requests.id.tolist()
        self.selected = ids.index(snapshot.selected) if snapshot.selected in ids else None
        self.seen = snapshot.view

    def on_presenter_turned(self, event: Presenter.Turned) -> None:
        """Show what a chapter needs."""
        self.on_resize()  # its text may need more or less room
        self._simulator.show(event.snapshot, event.ahead)

    def _seek(self, instant: Picoseconds) -> None:
        self._player.seek(instant, self._wall())
        self._show()

    # Views

    def action_view(self, name: str) -> None:
        self.seen = name

    def action_turn_view(self, tabs: int) -> None:
        """Look at the view of another tab."""
        names = view_names()
        self.seen = names[(names.index(self.seen) + tabs) % len(names)]

    def action_zoom(self, notches: int) -> None:
        if isinstance(self.view, Zooms):
            self.view.zoom(notches)
            self._show()

    def action_pan(self, notches: int) -> None:
        if isinstance(self.view, Zooms):
            self.view.pan(notches)
            self._show()

    def action_scroll_pages(self, pages: int) -> None:
        if isinstance(self.view, Scrolls):
            self.view.scroll_pages(pages)
            self._show()

    def action_next_quantity(self) -> None:
        if isinstance(self.view, Switches):
            self.view.next_quantity()
            self._show()

    # Presenting

    def action_present(self) -> None:
        """Begin the tour, or leave it."""
        if self._presenter.is_on:
            self._presenter.leave()
        else:
            self._presenter.begin(
                self._presenter.deck or load_deck(None, view_names()), self._snapshot
            )

    def action_turn_pages(self, pages: int) -> None:
        """Turn to another chapter while a deck is presented, else show other rows."""
        if self._presenter.is_on:
            self._presenter.turn(pages)
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
            self._presenter.say_where()

        self._presenter.say_where(black=True)
        self.app.push_screen(BlackScreen(), light)

    # Playing

    def action_toggle_play(self) -> None:
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
        self._seek(0)

    def action_end(self) -> None:
        self._seek(self._player.end)

    def action_restart(self) -> None:
        self._seek(0)
        if not self._player.playing:
            self.action_toggle_play()

    def action_speed(self, notches: int) -> None:
        self._player.change_speed(notches, self._wall())
        self._show()

    def on_timeline_scrubbed(self, event: Timeline.Scrubbed) -> None:
        """Follow the mouse on the timeline."""
        self._seek(event.instant)

    # Parameters

    def _turn(self, turned: Callable[[Knobs], Knobs]) -> None:
        """Apply what a parameter key asks for, or say why it cannot."""
        try:
            self._simulator.start(turned(self._simulator.knobs))
        except InputError as error:
            self.notify(str(error), severity="warning", markup=False)

    def _turn_and_tell(
        self, key: str, names: Sequence[str], turned: Callable[[Knobs], Knobs]
    ) -> None:
        """Turn what no title tells, and say what it is now."""
        before = self._simulator.knobs
        self._turn(turned)
        now = self._simulator.knobs
        if now is not before:
            self.app.clear_notifications()
            self.notify(now.told(key, names), markup=False)

    def _lanes_meant(self) -> list[str]:
        """The strategy of the focused lane, else all of them."""
        names = [run.strategy.name for run in self.scene.runs] if self.scene else []
        focused = [names[lane.number] for lane in self._lanes.every if lane.has_focus]
        return focused or names

    def action_batch_size(self, notches: int) -> None:
        self._turn(lambda knobs: knobs.turn_batch_size(notches, self._lanes_meant()))

    def action_token_budget(self, notches: int) -> None:
        names = self._lanes_meant()
        self._turn_and_tell(TOKEN_BUDGET, names, lambda knobs: knobs.turn_budget(notches, names))

    def action_memory(self, turn: Literal["halve", "double", "free", "restore"]) -> None:
        """Give the engines that are meant less or more KV memory."""
        names = self._lanes_meant()
        turns: dict[str, Callable[[Knobs], Knobs]] = {
            "halve": lambda knobs: knobs.halve_memory(names),
            "double": lambda knobs: knobs.double_memory(names),
            "free": lambda knobs: knobs.free_memory(names),
            "restore": lambda knobs: knobs.restore_memory(names),
        }
        self._turn_and_tell(KV_CACHE_TOKENS, names, turns[turn])

    def action_timeout(self, notches: int) -> None:
        self._turn(lambda knobs: knobs.turn_timeout(notches, self._lanes_meant()))

    def action_load(self, notches: int) -> None:
        self._turn(lambda knobs: knobs.turn_load(notches))

    def action_new_seed(self) -> None:
        self._turn(Knobs.next_seed)

    async def action_pick_workload(self) -> None:
        await self.app.push_screen(
            PickWorkload(self._simulator.knobs.base.name), self._take_workload
        )

    def _take_workload(self, workload: Workload | None) -> None:
        if workload is not None:
            self._turn(lambda _: Knobs(workload))

    async def action_pick_cost(self) -> None:
        await self.app.push_screen(
            PickCost(self._simulator.knobs, self.keys.called("cost")), self._take_cost
        )

    def _take_cost(self, knobs: Knobs | None) -> None:
        if knobs is not None:
            self._turn(lambda _: knobs)

    # Looking

    def action_focus_lane(self, direction: int) -> None:
        """Go through the lanes, and through having none focused."""
        lanes = self._lanes
        stops: list[Lane | None] = [None, *lanes.every]
        focused = self.focused if isinstance(self.focused, Lane) else None
        lane = stops[(stops.index(focused) + direction) % len(stops)]
        if lane is not None:
            lanes.reveal(lane)
        self.set_focus(lane)

    def action_select(self, direction: int) -> None:
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
            self._presenter.is_on
            and self.focused is None
            and self._selected_id in (None, self._presenter.selects)
        ):
            self._presenter.leave()
        self.selected = None
        self.set_focus(None)

    def on_strip_view_request_clicked(self, event: StripView.RequestClicked) -> None:
        """Select the request, or unselect it if it is selected."""
        self.selected = None if event.row == self.selected else event.row

    async def action_pick_export(self) -> None:
        await self.app.push_screen(PickExport(self.keys.called("export")), self._take_export)

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
            self.notify(f"saved {printable(str(file))}", markup=False)

    def action_help(self) -> None:
        frame = self.frame
        strategies = frame.scene.workload.strategies if frame else ()
        self.app.push_screen(HelpScreen(self.keys, strategies, ascii_only=self._drawing.ascii))


def _id_of(view: str) -> str:
    return f"view-{view}"
