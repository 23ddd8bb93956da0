"""The app: themes, the command palette, and the stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from tui_batching.charts.palette import DEFAULT_THEME, load_palettes
from tui_batching.clock import Picoseconds
from tui_batching.errors import InputError
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.stage import TICK, Stage
from tui_batching.tui.themes import textual_theme
from tui_batching.workload import Workload

SIXTEEN_COLOURS = "ansi-16"
"""The theme for terminals that have no more, such as TERM=linux."""


class BatchingApp(App[None]):
    """Opens the stage on a workload.

    Args:
        workload: what is played.
        theme: the name of a theme; None takes one that the terminal's colours can show.
        tick: how far one tick key goes, in picoseconds.
        wall: the clock that playing follows, in seconds.

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
    ) -> None:
        self._palettes = load_palettes()
        if theme not in (None, *self._palettes):
            raise InputError(f"--theme: found {theme!r}, expected {', '.join(self._palettes)}")
        super().__init__()
        for name in BUILTIN_THEMES:
            self.unregister_theme(name)
        for palette in self._palettes.values():
            self.register_theme(textual_theme(palette))
        few_colours = self.console.color_system == "standard"
        self.theme = theme or (SIXTEEN_COLOURS if few_colours else DEFAULT_THEME)
        self._stage = Stage(workload, self._palettes, tick, wall)

    def get_default_screen(self) -> Screen[None]:
        """The stage."""
        return self._stage

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The app's own colours, for the CSS that is read before a theme is set."""
        return textual_theme(self._palettes[DEFAULT_THEME]).variables

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The command palette offers every key and every theme."""
        for key in KEYS:
            run = partial(self._stage.run_action, key.action)
            yield SystemCommand(key.name, key.help_text, run)
        for name in self._palettes:
            wear = partial(setattr, self, "theme", name)
            yield SystemCommand(f"Theme {name}", f"Use the colours of {name}.", wear)


def run_app(workload: Workload, theme: str | None = None, tick: Picoseconds | None = None) -> None:
    """Open the app on a workload and stay in it until the user quits.

    Raises:
        InputError: for an unknown theme.
    """
    BatchingApp(workload, theme, tick or TICK).run()
