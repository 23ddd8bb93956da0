"""The stage: what each key does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from tui_batching.errors import InputError
from tui_batching.printable import printable
from tui_batching.tour import load_deck
from tui_batching.tui.bindings import bindings
from tui_batching.tui.exports import Export, save
from tui_batching.tui.frame import Frame
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.lane import Lane
from tui_batching.tui.presenting.cue import view_names
from tui_batching.tui.screens.black import BlackScreen
from tui_batching.tui.screens.help import HelpScreen
from tui_batching.tui.screens.pick_cost import PickCost
from tui_batching.tui.screens.pick_export import PickExport
from tui_batching.tui.screens.pick_workload import PickWorkload
from tui_batching.tui.showing import Showing
from tui_batching.tui.strip_view import StripView
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.views.view import Scrolls, Switches, Zooms
from tui_batching.workload import Workload


class Stage(Showing, inherit_bindings=False):
    """Plays the strategies of a workload as the keys ask."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())

    # Views

    def action_view(self, key: str) -> None:
        """Look at another view."""
        self.seen = key

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

    # Presenting

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

    # Playing

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

    # Parameters

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

    async def action_pick_cost(self) -> None:
        """Choose what an iteration costs."""
        await self.app.push_screen(PickCost(self._simulation.knobs), self._take_cost)

    def _take_cost(self, knobs: Knobs | None) -> None:
        if knobs is not None:
            self._turn(lambda _: knobs)

    # Looking

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
            self.notify(f"saved {printable(str(file))}", markup=False)

    def action_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(ascii_only=self._pace.ascii))
