"""The colour themes: one YAML file each, read as a Palette.

Every colour has a name, the same in the file, in the Palette (`palette.state(State.HELD)`) and as a
CSS variable of the app (`$state-held`). The file format is told at the top of `themes/dark.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rich.color import Color

from tui_batching.charts.shades import mixed, shades
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field, Record, read_yaml
from tui_batching.reading.files import data_folder, files_in, read_text
from tui_batching.reading.nodes import Scalar
from tui_batching.sim.life import State
from tui_batching.strategies import about, mark_of, tag_of

DEFAULT_THEME = "dark"
SIXTEEN_COLOURS = "ansi-16"
"""The theme for terminals that have no more, such as TERM=linux."""
STATES = ("work", "prefill", "held", "held_ground", "stalled")
"""What themes have colours for: what slots and time are made of, each the same everywhere."""
_INKS = {
    State.PREFILL: "state-prefill",
    State.RECOMPUTE: "state-prefill",
    State.DECODE: "state-work",
    State.HELD: "state-held",
    State.STALLED: "playhead",
    State.DONE: "state-work",
}
"""The colours of the signs of states; all others wait, and are grey."""
_GROUNDS = {State.HELD: "state-held-ground", State.STALLED: "state-stalled"}
"""The grounds of those states that have one of their own."""
_READING = (State.PREFILL, State.RECOMPUTE)
"""Those whose ground is derived: a dim shade of work, on which no tokens are made yet."""
_DIM_WORK = 0.8
"""How much of the panel's ground there is in it."""
STRATEGY_COLOURS = 11
"""How many colours there are for strategies; what comes after them takes them in turn."""
_QUIET = 0.25
"""The share of the panel's ground in quiet text."""
_RESERVED = 0.25
"""The share of the panel's ground in what is reserved."""
_STRIPE = 0.12
"""How much of the ground there is in the colour of every other band."""
REQUEST_COLOURS = 8
"""How many colours the requests take in turn; eight is what colour-blind-safe palettes offer."""

_TEXTUAL_OWN = ("background", "surface", "panel", "text", "accent", "success", "warning", "error")
_OWN = ("muted", "bar_track", "playhead", "selection", "selection_ground")
_KEYS = ("description", *_TEXTUAL_OWN, *_OWN, "strategies", "states", "requests")
_NAME = re.compile(r"[\w.-]+")
_HEX = re.compile("#[0-9a-fA-F]{6}")
_ANSI = (
    "ansi_default",
    *(
        f"ansi_{bright}{name}"
        for bright in ("", "bright_")
        for name in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
    ),
)


@dataclass(frozen=True)
class Palette:
    """A theme's colours; two of one theme are equal.

    Attributes:
        name: of the theme.
        written: every colour as its file writes it, by name, such as `state-held`.
    """

    name: str
    written: Mapping[str, str] = field(hash=False, repr=False)

    @cached_property
    def colours(self) -> Mapping[str, Color]:
        """The colours as `rich.style.Style` takes them, by name."""
        return {
            name: Color.parse(text.removeprefix("ansi_")) for name, text in self.written.items()
        }

    @property
    def ansi(self) -> bool:
        """Whether all colours are the terminal's: its text and ground, and the 16 it chooses."""
        return self.written["background"] in _ANSI

    @property
    def dark(self) -> bool:
        """Whether the ground is dark; of the terminal's own nobody knows, and most are."""
        return self.background.is_default or max(self.background.get_truecolor()) < 128

    def strategy(self, name: str) -> Color:
        """The colour of a strategy's title and of its line in charts.

        Those of one kind, such as `vllm@8k` and `vllm@512`, have shades of one colour, where
        colours can be mixed.
        """
        number = about(name).colour
        own = self.text if number is None else self.colours[f"strategy-{number % STRATEGY_COLOURS}"]
        if self.ansi or not tag_of(name):
            return own
        others = shades(own, self.text, (self.background, self.surface, self.panel))
        return others[ord(mark_of(name)) % len(others)]

    def striped(self, colour: Color) -> Color:
        """A little closer to the ground, for every other band, so that neighbours differ."""
        return colour if self.ansi else mixed(colour, self.surface, _STRIPE)

    def state(self, state: State) -> Color:
        """The colour of the sign of what a request, or the lane that serves it, is seen doing."""
        return self.colours[_INKS.get(state, "muted")]

    def ground(self, state: State, beneath: Color) -> Color:
        """The ground of that sign; most have the one they are drawn on."""
        if state in _READING and not self.ansi:
            return mixed(self.work, self.surface, _DIM_WORK)
        name = _GROUNDS.get(state)
        return beneath if name is None else self.colours[name]

    @property
    def work(self) -> Color:
        """Tokens that are made, and memory that is used."""
        return self.colours["state-work"]

    @property
    def held(self) -> Color:
        """The bubble, and words about it."""
        return self.colours["state-held"]

    @property
    def held_ground(self) -> Color:
        """The ground of the bubble."""
        return self.colours["state-held-ground"]

    @property
    def hatched(self) -> Color:
        """The bubble's average colour, behind a tip that fills its cell in part."""
        return self.held_ground if self.ansi else mixed(self.held, self.held_ground)

    @property
    def stopped(self) -> Color:
        """Tokens that were made by one who is stalled now."""
        return self.colours["state-stalled"]

    @property
    def reserved(self) -> Color:
        """Memory that is taken but empty, as an area, and letters that are made of it."""
        return self.bar_track if self.ansi else mixed(self.muted, self.panel, _RESERVED)

    def request(self, number: int) -> Color:
        """The colour of the request with this number, in the view of slots."""
        return self.colours[f"request-{number % REQUEST_COLOURS}"]

    @property
    def text(self) -> Color:
        """Text that is to be read."""
        return self.colours["text"]

    @property
    def quiet(self) -> Color:
        """Text that is to be read after the other."""
        return self.text if self.ansi else mixed(self.text, self.panel, _QUIET)

    @property
    def muted(self) -> Color:
        """Secondary text, axes, hints."""
        return self.colours["muted"]

    @property
    def accent(self) -> Color:
        """Focus and keys, and nothing else."""
        return self.colours["accent"]

    @property
    def success(self) -> Color:
        """What is best, and what holds."""
        return self.colours["success"]

    @property
    def warning(self) -> Color:
        """What does not hold."""
        return self.colours["warning"]

    @property
    def background(self) -> Color:
        """The ground of the screen."""
        return self.colours["background"]

    @property
    def surface(self) -> Color:
        """The ground of lanes and charts."""
        return self.colours["surface"]

    @property
    def panel(self) -> Color:
        """The ground of the top and bottom rows, of a talk's text and of dialogs."""
        return self.colours["panel"]

    @property
    def bar_track(self) -> Color:
        """The part of a bar that is not filled yet, and faint lines."""
        return self.colours["bar-track"]

    @property
    def playhead(self) -> Color:
        """The present moment in the timeline and in charts."""
        return self.colours["playhead"]

    @property
    def selection(self) -> Color:
        """The mark of the selected request."""
        return self.colours["selection"]

    @property
    def selection_ground(self) -> Color:
        """The ground of the selected request's rows."""
        return self.colours["selection-ground"]


def default_theme(*, few_colours: bool) -> str:
    """The theme where none is asked for; `few_colours` means that the terminal has only 16."""
    return SIXTEEN_COLOURS if few_colours else DEFAULT_THEME


def load_palettes(folder: Path | None = None) -> dict[str, Palette]:
    """All themes by name, which is that of their file; the default first, then by name.

    Args:
        folder: where the YAML files are, by default the bundled ones.

    Raises:
        InputError: at the first mistake in a file, with file, line, key, found and expected.
    """
    home = data_folder("themes") if folder is None else folder
    files = files_in(home, "*.yaml", "a folder of themes")
    paths = sorted(files, key=lambda path: (path.stem != DEFAULT_THEME, path.stem))
    if not paths:
        raise InputError(f"{home}: found no themes, expected files such as {DEFAULT_THEME}.yaml")
    return {path.stem: read_palette(path) for path in paths}


def read_palette(path: Path) -> Palette:
    """The theme in one YAML file.

    Raises:
        InputError: as `load_palettes` does.
    """
    if not _NAME.fullmatch(path.stem):
        raise InputError(
            f"{path}: found a theme of this name, expected letters, digits, '-', '_' and '.'"
        )
    top = read_yaml(read_text(path), str(path)).mapping(_KEYS)
    top["description"].text()
    return Palette(path.stem, _colours(top))


def own_names() -> tuple[str, ...]:
    """The names of the colours that Textual's themes do not have."""
    return (
        *map(_dashed, _OWN),
        *(f"strategy-{number}" for number in range(STRATEGY_COLOURS)),
        *(f"state-{_dashed(name)}" for name in STATES),
        *(f"request-{number}" for number in range(REQUEST_COLOURS)),
    )


def _dashed(key: str) -> str:
    """The name of a colour, of its key in a file."""
    return key.replace("_", "-")


def _colours(top: Record) -> dict[str, str]:
    """The file's colours by name."""
    ansi = _written(top["background"]).startswith("ansi_")
    found = {_dashed(key): _colour(top[key], ansi=ansi) for key in (*_TEXTUAL_OWN, *_OWN)}
    states = top["states"].mapping(STATES)
    found |= {f"state-{_dashed(name)}": _colour(states[name], ansi=ansi) for name in STATES}
    return (
        found
        | _in_turn(top["strategies"], "strategy", STRATEGY_COLOURS, ansi=ansi)
        | _in_turn(top["requests"], "request", REQUEST_COLOURS, ansi=ansi)
    )


def _in_turn(listed: Field, prefix: str, count: int, *, ansi: bool) -> dict[str, str]:
    """A list of so many colours, by number."""
    items = listed.items()
    if len(items) != count:
        raise listed.error(f"{count} colours", str(len(items)))
    return {f"{prefix}-{number}": _colour(item, ansi=ansi) for number, item in enumerate(items)}


def _written(value: Field) -> str:
    return value.node.text if isinstance(value.node, Scalar) else ""


def _colour(value: Field, *, ansi: bool) -> str:
    """A colour as Textual reads it; a theme has ANSI colours alone or none of them."""
    if ansi:
        return value.choice(*_ANSI)
    if not _HEX.fullmatch(_written(value)):
        raise value.error('a colour in quotes such as "#12ab9f"')
    return _written(value).lower()
