"""The prompt at the foot of the screen that asks where to go."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui_batching.analysis.places import EXAMPLES, Place, read_place
from tui_batching.analysis.scene import Scene
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.tui.dialogs import Dialog
from tui_batching.tui.notices import LONG_SECONDS
from tui_batching.tui.textual_internals import untell


class GoTo(Dialog[Place | None]):
    """Gives the place that was written, or None."""

    DEFAULT_CSS = """
    GoTo { align: center bottom; background: $background 0%; }
    GoTo > Vertical { width: 100%; max-width: 100%; height: auto; border: none; }
    GoTo Input, GoTo Input:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="go-to.close", tooltip="Stay here."),
    ]

    def __init__(self, scene: Scene, run: Run) -> None:
        super().__init__()
        self._scene, self._run = scene, run
        self._refused = ""

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical():
            yield Input(placeholder=f"go to {EXAMPLES} · enter goes · escape stays", id="place")

    def on_input_changed(self) -> None:
        """What was said of something else is out of date."""
        untell(self.app, self._refused)

    def on_unmount(self) -> None:
        """So it is when nobody asks any more."""
        untell(self.app, self._refused)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the place, or say why there is none, before all that was said before."""
        untell(self.app, self._refused)
        try:
            self.dismiss(read_place(event.value, self._scene, self._run))
        except InputError as error:
            self._refused = str(error)
            self.app.notify(self._refused, severity="error", timeout=LONG_SECONDS, markup=False)
