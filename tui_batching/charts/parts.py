"""The parts of a latency as signs side by side, the same wherever a latency is broken down."""

from __future__ import annotations

from collections.abc import Mapping

from tui_batching.charts.palette import Palette
from tui_batching.charts.rows import Row, style
from tui_batching.sim.life import State

SIGNS: dict[str, tuple[str, State]] = {
    "forming": ("+", State.FORMING),
    "slots": ("─", State.SLOTS),
    "memory": ("═", State.MEMORY),
    "turn": ("~", State.TURN),
    "prefill": ("░", State.PREFILL),
    "stalled": ("‖", State.STALLED),
    "decode": ("█", State.DECODE),
    "sharing": ("▓", State.DONE),
    "evicted": ("↩", State.EVICTED),
    "recompute": ("▚", State.RECOMPUTE),
    "held": ("▒", State.HELD),
}
"""The sign and the colour of each part, in the order in which a request goes through them."""


def add_parts(
    row: Row, parts: Mapping[str, float], cells: int, longest: float, palette: Palette
) -> None:
    """Append the parts side by side, on a scale where `longest` fills the cells.

    Each part ends where the sum up to it does, so that the whole is as long as their sum is.
    """
    drawn, passed = 0, 0.0
    for name, amount in parts.items():
        sign, state = SIGNS[name]
        passed += amount
        reached = round(cells * passed / longest) if longest else 0
        row.add(sign * (reached - drawn), style(palette.state(state), row.ground.bgcolor))
        drawn = reached
