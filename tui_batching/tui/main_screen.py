"""The main screen: what is shown, and what each key does to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widgets import Static

from tui_batching.analysis.places import Place
from tui_batching.analysis.scene import Scene
from tui_batching.charts.lane_view import ANSWER, MEMORY
from tui_batching.charts.palette import Palette
from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.tui.bars import KeyBar, ProgressRow, TabBar, TitleBar
from tui_batching.tui.dialogs import HelpScreen, PickCost, PickWorkload
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.finder import Finder
from tui_batching.tui.frame import Frame, Snapshot
from tui_batching.tui.glossary_screen import GlossaryScreen
from tui_batching.tui.go_to import GoTo
from tui_batching.tui.keymap import keys_of
from tui_batching.tui.knobs import TURNS, Knobs
from tui_batching.tui.lane import Lane, Lanes
from tui_batching.tui.notices import LONG_SECONDS, Notices
from tui_batching.tui.panes import Body, ChartPane, Pages, StripView
from tui_batching.tui.player import Player
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.presenting.presenting_screen import PresentingScreen
from tui_batching.tui.saver import Saver
from tui_batching.tui.simulator import Refused, Simulated, Simulator
from tui_batching.tui.sweeper import Sweeper
from tui_batching.tui.textual_internals import Blank, bind
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.views import VIEWS, View, view_names
from tui_batching.tui.views.view import Scrolls, ShowsSweep, Switches, Zooms
from tui_batching.workload import Workload

SMALLEST = (60, 20)
"""Columns and rows below which the lanes cannot stand side by side."""
TICK = 10 * MILLISECOND


class MainScreen(Blank, PresentingScreen, inherit_bindings=False):
    """Plays the strategies of a workload, in one of the views, as the keys ask.

    Timers, the simulator and the sweeper change what a Frame is made of; the frame is then shown
    by the bars, the timeline, and the view that is seen.

    Attributes:
        scene: the Runs that are played.
        selected: the row of the selected request, or None.
        seen: the name of the view that is seen.
        sweeper: makes the sweeps that some views show.
    """

    AUTO_FOCUS = ""  # no lane has the focus until somebody asks for it
    scene: reactive[Scene | None] = reactive(None, init=False)
    selected: reactive[int | None] = reactive(None, init=False)
    seen: reactive[str] = reactive(VIEWS[0].named(), init=False)

    def __init__(  # noqa: PLR0913 - what is played, and how
        self,
        workload: Workload,
        config: Config,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        drawing: DrawingOptions = LOCAL,
        *,
        plays: bool = False,
    ) -> None:
        super().__init__(keys_of(config.keys), ascii_only=drawing.ascii)
        self._plays = plays
        self._greets = True
        bind(self, self.keys.bindings())
        self._palettes = config.palettes
        self._speed = config.speed
        self._player = Player()
        self._tick_length = tick
        self._wall = wall
        self._drawing = drawing
        self._bright: str | None = None
        self._shown: tuple[str, ...] = ()
        self._bars = ANSWER
        self._awaited: Snapshot | None = None
        self._outdated = False
        self._frames = 0
        self._notices = Notices(self)
        self._finder = Finder()
        self._saver = Saver(self, self._notices)
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
        self._views = {view.named(): view(id=_id_of(view.named())) for view in VIEWS}
        self._timeline = Timeline(id="timeline")
        self._key_bar = KeyBar(ascii_only=drawing.ascii, id="keys")

    def compose(self) -> ComposeResult:
        yield self._title_bar
        yield self._tab_bar
        yield self._progress
        with Body(id="body"):
            yield self.presenter
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
            self.presenter.begin(
                self.deck, self.snapshot, self.chapter, tells_notes=self.tells_notes
            )

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
            stopped = frame is not None and not frame.playing
            if stopped or self._frames % self._drawing.frames_a_word == 0:
                self._show_words(frame)
            if stopped:
                self._show_keys(frame)

    def _show(self) -> None:
        """Show the scene at the playhead."""
        self._outdated = False
        if isinstance(self.view, ShowsSweep) and self.scene is not None:
            self.sweeper.want(self.view.sweep_of(self.scene.workload))
        frame = self.frame
        self._show_picture(frame)
        self._show_words(frame)
        self._show_keys(frame)
        self._notices.look_at(self._place)

    @property
    def _place(self) -> tuple[Scene | None, Picoseconds | None, int | None]:
        """Which request is looked at, and when; no instant in a view that shows none."""
        return self.scene, self._player.time if self.view.has_playhead else None, self.selected

    @property
    def frame(self) -> Frame | None:
        """What is to be seen now; None before the first scene, and until the next one is there."""
        if self.scene is None or self._awaited is not None:
            return None
        player, view = self._player, self.view
        return Frame(
            scene=self.scene,
            time=player.time,
            playing=player.playing,
            speed=player.speed,
            selected=self.selected,
            palette=self._palette,
            thickest=self._drawing.thickest,
            presenting=self.presenter.is_on,
            greets=self._greets and player.time < player.greets_until,
            is_new=self.presenter.brings_another_workload,
            sweep=self.sweeper.state(view.sweep_kind) if isinstance(view, ShowsSweep) else None,
            focus=self._in_focus,
            show=self._shown,
            bars=self._bars,
            keys=self.key_signs,
        )

    def _show_picture(self, frame: Frame | None) -> None:
        """What has to move smoothly."""
        if frame is not None:
            self._title_bar.show(frame)
            self._timeline.show(frame)
            self.view.look_at(frame)
            if self.view.has_room:
                self.view.show(frame)

    def _show_words(self, frame: Frame | None) -> None:
        """What has to be read in peace."""
        if frame is not None or self._is_behind_curtain:
            on_stage = None if self._is_behind_curtain else self.scene
            self.presenter.look_at(on_stage, self._player.time)
            self.presenter.show(self._palette)
        if frame is not None and self.view.has_room:
            self.view.show_words(frame)

    @property
    def _palette(self) -> Palette:
        return self._palettes[self.app.theme]

    def _show_keys(self, frame: Frame | None) -> None:
        """What can be done, which changes when it stops, and not while it plays."""
        if frame is not None:
            self._key_bar.show(
                self.keys.only(lambda key: bool(self.check_action(key.action, ()))), frame
            )
            self._show_tabs(frame.palette)

    def _show_tabs(self, palette: Palette) -> None:
        """Show all tabs; in a talk its sections, if it has any."""
        chapter, deck = self.presenter.chapter, self.presenter.deck
        if chapter and deck and chapter.section:
            self._tab_bar.show_sections(deck.sections, chapter.section, palette)
        else:
            self._tab_bar.show((type(self.view),) if chapter else VIEWS, self.seen, palette)

    def _show_sweep(self) -> None:
        """Show how far the sweep is, or what came of it."""
        self._show_words(self.frame)

    def on_resize(self) -> None:
        """Choose what there is room for; then draw at the new sizes."""
        width, height = self.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        self.share_room(self._palette)

    def redraw_text(self) -> None:
        """Draw anew, as the text of the chapter needs more or less room than before."""
        self.share_room(self._palette)
        self._show()

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
        name = action.partition("(")[0]
        allowed = self.talk_allows(name)
        return self.view.can(name) if allowed is None else allowed

    # What is shown

    async def _take_outcome(self, outcome: Simulated | Refused) -> None:
        """Show the scene, from its start if it is another workload; or say why all is as it was."""
        if isinstance(outcome, Refused):
            self._refuse(outcome)
            return
        if self._awaited is not None and outcome.snapshot is not self._awaited:
            return  # what is shown next is another one
        if outcome.other_workload or self.scene is None:
            self.selected = self._bright = None
            self._player.begin(outcome.scene.runs, self._speed, self._wall(), plays=self._plays)
            self._plays = False
        self._notices.tell_of(outcome.scene, self.scene)
        mounted = self._lanes.hold(len(outcome.scene.runs))
        self.scene = outcome.scene
        self.sweeper.load(outcome.scene.workload, self._simulator.simulated.at_own_load)
        self._player.load(outcome.scene.runs, self._wall())
        self._awaited = None
        self.remove_class("-curtain")
        if outcome.snapshot is not None:
            self._restore(outcome.snapshot, outcome.scene)
        self.presenter.look_at(outcome.scene, self._player.time)
        self.redraw_text()
        await mounted
        if outcome.snapshot is not None and self._bright is not None:
            names = [run.strategy.name for run in outcome.scene.runs]
            self._lanes.reveal(self._lanes.every[names.index(self._bright)])
        self.call_after_refresh(self._show)

    def _refuse(self, refused: Refused) -> None:
        """Say why all is as it was, or why a chapter cannot be shown."""
        self._notices.refuse(refused.reason, without_end=self.scene is None)
        if self._awaited is not None and refused.snapshot is self._awaited:
            self._awaited = None
            self.presenter.refuse(refused.reason)
            self._draw_curtain()

    @property
    def _lanes(self) -> Lanes:
        return self.query_one(Lanes)

    @property
    def snapshot(self) -> Snapshot:
        """What is shown now."""
        player = self._player
        return Snapshot(
            knobs=self._simulator.knobs,
            view=self.seen,
            time=player.time,
            speed=player.speed,
            playing=player.playing,
            selected=self._selected_id,
            focus=self._bright,
            until=player.until,
            loop=player.loop,
            show=self._shown,
            bars=self._bars,
        )

    @property
    def _selected_id(self) -> int | None:
        if self.selected is None or self.scene is None:
            return None
        return int(self.scene.workload.requests.id[self.selected])

    def _restore(self, snapshot: Snapshot, scene: Scene) -> None:
        """Set all but the scene, which is there already, as in a snapshot.

        No pane keeps what it shows of something else until it is drawn anew.
        """
        for pane in self.query("#views StripView").results(StripView):
            pane.forget()
        self.sweeper.forget_seen()
        self._player.set(snapshot.time, snapshot.speed, self._wall(), playing=snapshot.playing)
        self._player.until, self._player.loop = snapshot.until, snapshot.loop
        self._bright, self._bars = snapshot.focus, snapshot.bars
        self.set_focus(None)
        ids = scene.workload.requests.id.tolist()
        self.selected = ids.index(snapshot.selected) if snapshot.selected in ids else None
        self._shown, self.seen = snapshot.show, snapshot.view

    def on_presenter_turned(self, event: Presenter.Turned) -> None:
        """Show what a chapter needs; until it is there, nothing of what was shown before."""
        self._awaited, self._greets = event.snapshot, False
        if not self._simulator.knows(event.snapshot.knobs):
            self._draw_curtain()
        self._simulator.show(event.snapshot, event.ahead)

    def _draw_curtain(self) -> None:
        """Hide the stage; the text of a chapter alone may need more or less room."""
        self.add_class("-curtain")
        self.redraw_text()

    @property
    def _is_behind_curtain(self) -> bool:
        """Whether the stage is hidden, because what is on it is not what the chapter asks for."""
        return self.has_class("-curtain")

    def _seek(self, instant: Picoseconds) -> None:
        self._player.seek(instant, self._wall())
        self._show()

    # Views

    def action_view(self, name: str) -> None:
        """Look at a view: at the whole of it, also where a chapter shows but a part."""
        self._shown, self.seen = (), name
        self._show()

    def action_turn_view(self, tabs: int) -> None:
        """Look at the view of another tab."""
        names = view_names()
        self.action_view(names[(names.index(self.seen) + tabs) % len(names)])

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

    def action_turn_bars(self) -> None:
        """Let bars of slots tell memory in place of the answer, or the answer again."""
        self._bars = ANSWER if self._bars == MEMORY else MEMORY
        self._show()

    # Playing

    def play(self, speed: float | None = None) -> None:
        """Play on, at this speed if one is given; at the end, play again from the start."""
        self._player.play(self._wall(), speed)
        self._show()

    def action_toggle_play(self) -> None:
        self._player.toggle(self._wall())
        self._show()

    def action_step(self, count: int) -> None:
        """Go over `count` iteration boundaries: of the focused lane, else of any."""
        runs = self.scene.runs if self.scene else ()
        self._player.step(count, self._wall(), [runs[lane] for lane in self._lanes.focused])
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
            self._notices.answer(str(error), "warning")

    def _lanes_meant(self) -> list[str]:
        """The strategy of the focused lane, else all of them."""
        names = [run.strategy.name for run in self.scene.runs] if self.scene else []
        return [names[lane] for lane in self._lanes.focused] or names

    @property
    def _in_focus(self) -> str | None:
        """The lane that a chapter is about, or the one to which Tab has gone since."""
        return self._bright and (self._lanes_meant() if self._lanes.focused else [self._bright])[0]

    def action_turn(self, knob: str, notches: int) -> None:
        """Turn a knob of the lanes that are meant, and say what it is now where no title tells."""
        turn, names, before = TURNS[knob], self._lanes_meant(), self._simulator.knobs
        self._turn(lambda knobs: turn.turned(knobs, notches, names))
        now = self._simulator.knobs
        if turn.told and now is not before:
            self._notices.answer(now.told(turn.told, names))

    async def action_pick_workload(self) -> None:
        dialog = PickWorkload(self._simulator.knobs.base.name)
        await self.app.push_screen(dialog, self._take_workload)

    def _take_workload(self, workload: Workload | None) -> None:
        if workload is not None:
            self._turn(lambda _: Knobs(workload))

    async def action_pick_cost(self) -> None:
        dialog = PickCost(self._simulator.knobs, self.keys.called("cost"))
        await self.app.push_screen(dialog, self._take_cost)

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

    def action_worst(self, count: int) -> None:
        """Go through the worst requests: of the focused lane, else of any."""
        if self.scene is None:
            return
        lanes = self._lanes.focused or tuple(range(len(self.scene.runs)))
        found = self._finder.turn(self.scene, lanes, self.selected, count)
        if found is None:
            label = self._finder.measure(self.scene).label
            self._notices.answer(f"there is no {label} here")
        else:
            self._lanes.reveal(self._lanes.every[found.lane])
            self._go(found.time, found.row)
            self._notices.answer(found.told, seconds=LONG_SECONDS, about=self._place)

    def action_next_measure(self) -> None:
        if self.scene is not None:
            measure = self._finder.next_measure(self.scene)
            self._notices.answer(f"the worst are those with the {measure.most} {measure.label}")

    async def action_go_to(self) -> None:
        """Ask where to go."""
        if self.scene is not None:
            scene = self.scene
            run = scene.runs[(*self._lanes.focused, *scene.simulated)[0]]
            await self.app.push_screen(GoTo(scene, run), self._take_place)

    def _take_place(self, place: Place | None) -> None:
        if place is not None:
            self._go(place.time, place.row)

    def _go(self, instant: Picoseconds, row: int | None) -> None:
        """Pause at an instant in a view that shows instants, and select this request if one is."""
        self._player.stop_at(instant, self._wall())
        if row is not None:
            self.selected = row
        if not self.view.has_playhead:
            self._shown, self.seen = (), VIEWS[0].named()
        self.view.follow(reveals=row is not None)
        self._show()

    async def action_unselect(self) -> None:
        """Select nothing and focus nothing; where the chapter does so, ask to leave the tour."""
        chapter = self.presenter.chapter
        if chapter and self.focused is None and self._selected_id in (None, chapter.select):
            await self.ask_to_leave()
        else:
            self.selected = None
            self.set_focus(None)

    def on_strip_view_request_clicked(self, event: StripView.RequestClicked) -> None:
        """Select the request, or unselect it if it is selected."""
        self.selected = None if event.row == self.selected else event.row

    async def action_pick_export(self) -> None:
        await self._saver.ask(self.keys.called("export"), lambda: (self.frame, self.view.title[0]))

    def action_help(self) -> None:
        self._greets = False
        self._show()
        frame = self.frame
        strategies = frame.scene.workload.lanes if frame else ()
        help_screen = HelpScreen(self.keys, strategies, ascii_only=self._drawing.ascii)
        self.app.push_screen(help_screen, self._take_answer)

    def action_glossary(self) -> None:
        self.app.push_screen(GlossaryScreen(self.keys.called("glossary"), self.keys.called("quit")))


def _id_of(view: str) -> str:
    return f"view-{view}"
