"""The app: themes, the command palette, and the stage."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial

from rich.console import Console
from textual.app import App, SuspendNotSupported, SystemCommand
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from tui_batching.charts.palette import DEFAULT_THEME, default_theme, load_palettes
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.driver import TerminalDriver
from tui_batching.tui.pace import LOCAL, Pace
from tui_batching.tui.stage import TICK, Stage
from tui_batching.tui.themes import textual_theme
from tui_batching.workload import Workload


class BatchingApp(App[None]):
    """Opens the stage on a workload.

    Args:
        workload: what is played.
        theme: the name of a theme; None takes one that the terminal's colours can show.
        tick: how far one tick key goes, in picoseconds.
        wall: the clock that playing follows, in seconds.
        pace: how often it draws.

    Raises:
        InputError: for an unknown theme.
    """

    TITLE = "tui-batching"
    CSS_PATH = "app.tcss"

    def __init__(
        self,
        workload: Workload,
        theme: str | None = None,
        tick: Picoseconds = TICK,
        wall: Callable[[], float] = time.monotonic,
        pace: Pace = LOCAL,
    ) -> None:
        self._palettes = load_palettes()
        if theme not in (None, *self._palettes):
            raise InputError(f"--theme: found {theme!r}, expected {', '.join(self._palettes)}")
        super().__init__()
        for name in BUILTIN_THEMES:
            self.unregister_theme(name)
        for palette in self._palettes.values():
            self.register_theme(textual_theme(palette))
        if pace.few_colours and self.console.color_system == "truecolor":
            self.console = Console(
                file=self.console.file, color_system="256", force_terminal=True, highlight=False
            )
        few_colours = self.console.color_system == "standard"
        self.theme = theme or default_theme(few_colours=few_colours)
        self._stage = Stage(workload, self._palettes, tick, wall, pace)

    def get_default_screen(self) -> Screen[None]:
        """The stage."""
        return self._stage

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The app's own colours, for the CSS that is read before a theme is set."""
        return textual_theme(self._palettes[DEFAULT_THEME]).variables

    def get_driver_class(self) -> type[Driver]:
        """Our driver wherever Textual would take the one that ours extends."""
        theirs = super().get_driver_class()
        return TerminalDriver if theirs is LinuxDriver else theirs

    def on_resize(self, event: Resize) -> None:
        """Draw anew on a terminal that was changed and changed back: its picture may be lost."""
        if event.size == self.size and isinstance(self._driver, TerminalDriver):
            self._driver.redraw()

    def action_suspend_process(self) -> None:
        """Stop the program as Ctrl-Z does any other, until the shell wakes it."""
        try:
            with self.suspend():
                ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                # To the whole job, and without effect where there is no shell to wake it.
                os.kill(0, signal.SIGTSTP)
                signal.signal(signal.SIGTSTP, ours)
        except SuspendNotSupported:
            self.notify("there is no shell to go back to here", severity="warning")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The command palette offers every key and every theme."""
        for key in KEYS:
            run = partial(self._stage.run_action, key.action)
            yield SystemCommand(key.name, key.help_text, run)
        for name in self._palettes:
            wear = partial(setattr, self, "theme", name)
            yield SystemCommand(f"Theme {name}", f"Use the colours of {name}.", wear)


def run_app(
    workload: Workload,
    theme: str | None = None,
    tick: Picoseconds | None = None,
    pace: Pace = LOCAL,
) -> int:
    """Open the app on a workload and stay in it until the user quits or a signal ends it.

    Returns:
        The exit code: 0, or 1 after a mistake of our own, or 128 and the number of the signal.

    Raises:
        InputError: for an unknown theme.
    """
    app = BatchingApp(workload, theme, tick or TICK, pace=pace)
    app.run()
    return app.return_code or 0
