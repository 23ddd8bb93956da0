"""A pen: the looks in which rows of text and bars are written on the ground of charts.

Names of strategies and parts of a latency are written the same way everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.color import Color
from rich.style import Style

from tui_batching.analysis.phases import DECODE, FIRST_TOKEN, QUEUE
from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import SLOWED, Cells, Row, first_that_fits, style
from tui_batching.sim.life import State
from tui_batching.strategies import mark_of, spelled


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes rows of one width in the colours of a theme."""

    width: int
    palette: Palette

    def look(self, colour: Color, *, bold: bool = False) -> Style:
        """A colour on the ground of charts."""
        return style(colour, self.palette.surface, bold=bold)

    @property
    def text(self) -> Style:
        """What is to be read."""
        return self.look(self.palette.text)

    @property
    def title(self) -> Style:
        """Headings."""
        return self.look(self.palette.text, bold=True)

    @property
    def muted(self) -> Style:
        """Labels and hints."""
        return self.look(self.palette.muted)

    @property
    def good(self) -> Style:
        """What is best, and what holds."""
        return self.look(self.palette.success, bold=True)

    def strategy(self, name: str) -> Style:
        """The title of a strategy."""
        return self.look(self.palette.strategy(name), bold=True)

    def row(self) -> Row:
        """A new row."""
        return Row(self.width, self.text)

    def blank(self) -> Cells:
        """A row with nothing in it."""
        return self.row().cells()

    def heading(self, title: str, *hints: str) -> Cells:
        """A row with a heading, and what is said of it: the first wording that fits, if any."""
        row = self.row().add(f" {title}", self.title)
        told = [*(f" · {hint}" for hint in hints if hint), ""]
        return row.add(first_that_fits(told, row.left), self.muted).cells()

    def spread(self, panels: Sequence[list[Cells]], height: int) -> list[Cells]:
        """Panels below each other on `height` rows; rows that are left stand between them."""
        left = height - sum(map(len, panels))
        rows: list[Cells] = []
        for number, panel in enumerate(panels):
            rows += [self.blank()] if 0 < number <= left else []
            rows += panel
        return rows + [self.blank()] * (height - len(rows))


def marked(name: str) -> str:
    """A strategy's mark and name: `C continuous`, `V vLLM`."""
    return f"{mark_of(name)} {spelled(name)}"


PART_SIGNS: dict[str, tuple[str, State]] = {
    "forming": ("+", State.FORMING),
    "slots": ("─", State.SLOTS),
    "memory": ("═", State.MEMORY),
    "turn": ("~", State.TURN),
    "prefill": ("░", State.PREFILL),
    "stalled": ("‖", State.STALLED),
    "slowed": (SLOWED, State.PREFILL),
    "decode": ("█", State.DECODE),
    "sharing": ("╱", State.DONE),
    "evicted": ("↩", State.EVICTED),
    "recompute": ("▚", State.RECOMPUTE),
    "held": ("▒", State.HELD),
}
"""The sign and the colour of each part, in the order in which a request goes through them.

What tables call stalled is *slowed* where prompts are processed beside decodes: see `lost_part`
in `analysis.breakdown`.
"""

PHASE_SIGNS: dict[str, tuple[str, State]] = {
    QUEUE: ("─", State.QUEUED),
    FIRST_TOKEN: ("░", State.PREFILL),
    DECODE: ("█", State.DECODE),
}
"""The same of what a log tells, too; see `analysis.phases`."""

_SIGNS = PART_SIGNS | PHASE_SIGNS

SHORT_PARTS: dict[str, str] = {name: name for name in _SIGNS} | {
    "forming": "form", "memory": "mem", "prefill": "pre", "stalled": "stall", "slowed": "slow",
    "decode": "dec", "sharing": "share", "evicted": "out", "recompute": "redo",
    FIRST_TOKEN: "first",
}  # fmt: skip
"""What the parts are called where there is little room."""


_IN_WORDS = {PART_SIGNS[part][0]: PART_SIGNS[part][1] for part in ("decode", "held", "stalled")}
"""The signs that stand in sentences about a chart."""


def sign_of(part: str) -> tuple[str, State]:
    """The sign and the colour of a part of a latency."""
    return _SIGNS[part]


def fill(state: State, ground: Color | None, palette: Palette, row: int | None = None) -> Style:
    """How the sign of a state is drawn on a ground; a click on it finds the request of `row`."""
    beneath = palette.surface if ground is None else ground
    return style(palette.state(state), palette.ground(state, beneath), row=row)


def add_with_signs(row: Row, text: str, look: Style, palette: Palette, ground: Color) -> Row:
    """Append words, and the signs of states in them as the chart draws them."""
    for part in re.split(f"([{''.join(_IN_WORDS)}])", text):
        state = _IN_WORDS.get(part)
        row.add(part, look if state is None else fill(state, ground, palette))
    return row


def add_parts(
    row: Row, parts: Mapping[str, float], cells: int, longest: float, palette: Palette
) -> None:
    """Append the parts side by side, on a scale where `longest` fills the cells."""
    drawn = 0
    for name, reached in _ends(parts, cells / longest if longest else 0).items():
        sign, state = sign_of(name)
        row.add(sign * (reached - drawn), fill(state, row.ground.bgcolor, palette))
        drawn = reached


def _ends(parts: Mapping[str, float], scale: float) -> dict[str, int]:
    """The cells in which parts end: where the sum up to them does, so that the whole is as long.

    What there is of any part has a cell at least, and so has their sum; where there are fewer cells
    than parts, the largest ones have them.
    """
    there = {name: amount for name, amount in parts.items() if amount}
    whole = max(1, round(scale * sum(there.values())))
    largest = sorted(there, key=there.__getitem__)[-whole:]
    ends: dict[str, int] = {}
    drawn, passed, left = 0, 0.0, len(largest)
    for name in filter(set(largest).__contains__, there):
        passed, left = passed + there[name], left - 1
        drawn = ends[name] = max(drawn + 1, min(round(scale * passed), whole - left))
    return ends
