"""The prompt at the foot of the screen that asks where to go."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui_batching.analysis.places import EXAMPLES, Place, read_place
from tui_batching.analysis.scene import Scene
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.tui.dialogs import Dialog


class GoTo(Dialog[Place | None]):
    """Gives the place that was written, or None."""

    DEFAULT_CSS = """
    GoTo { align: center bottom; background: $background 0%; }
    GoTo > Vertical { width: 100%; max-width: 100%; height: auto; border: none; }
    GoTo Input, GoTo Input:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    GoTo .error { color: $error; height: auto; padding: 0 1; display: none; }
    GoTo .error.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="go-to.close", tooltip="Stay here."),
    ]

    def __init__(self, scene: Scene, run: Run) -> None:
        super().__init__()
        self._scene, self._run = scene, run

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical():
            yield Static(classes="error", markup=False)
            yield Input(placeholder=f"go to {EXAMPLES} · enter goes · escape stays", id="place")

    def on_input_changed(self) -> None:
        """What was said of something else is out of date."""
        self.query_one(Static).remove_class("-shown")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the place, or say why there is none."""
        try:
            self.dismiss(read_place(event.value, self._scene, self._run))
        except InputError as error:
            message = self.query_one(Static)
            message.update(str(error))
            message.add_class("-shown")
