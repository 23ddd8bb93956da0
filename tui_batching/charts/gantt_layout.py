"""How the room of a Gantt chart is divided: panels, their rows, and how thick these are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui_batching.charts.panels import GAP, Arrangement, arrange, stacked

NARROWEST = 31
"""The least cells of a panel beside others: three of them from a terminal of 100 columns on."""
NARROWEST_WHOLE = 24
"""The same where all requests are seen at once so: from 80 columns on."""
FEWEST = 4
"""Requests that a stacked panel shows at least, if panels could as well stand side by side."""
_BESIDE_SLOTS = 2
"""Rows of a panel that are not a slot's: its heading, and the queue."""
THICKEST = 3
"""The most rows of a request."""
THICKEST_SLOT = 5
"""The most rows of a slot, where the queue has three: better theirs than nobody's."""
_FAIR = 3
"""The rows of the queue, and of the KV cache, that slots do not take in order to be so thick."""
THINNEST_KV = 2
"""The rows of the KV cache that slots do not take in order to be thicker than a row."""
THICKEST_QUEUE, THICKEST_KV = 4, 6
"""The most rows of the queue, and of the KV cache."""


class GanttLayout(NamedTuple):
    """Where the panels are, and of what.

    Attributes:
        arrangement: the panels; each has a heading in its first row.
        shown: how many requests or slots each panel shows.
        thickness: rows of each of them.
        queue: rows below the slots that tell how many wait.
        kv: rows below the queue that tell how full the KV cache is, in lanes that heed memory.
        apart: blank rows between the two.
    """

    arrangement: Arrangement
    shown: tuple[int, ...]
    thickness: int
    queue: int = 0
    kv: int = 0
    apart: int = 0


class Size(NamedTuple):
    """The cells for all panels."""

    width: int
    height: int


def request_layout(
    count: int, slots: Sequence[int], size: Size, least: Callable[[int], int]
) -> GanttLayout:
    """All requests at once, stacked if they fit so; else some in panels of the whole width.

    Where not all slots could be seen either, rather all requests in narrow panels.

    Args:
        count: how many requests there are.
        slots: how many slots there are in each panel.
        size: the room for them.
        least: how many cells a panel beside others needs to show so many requests well.
    """
    lanes = len(slots)
    needed = [count + 1] * lanes
    each = (size.width - GAP * (lanes - 1)) // lanes
    page = min(count, size.height - 1)
    fine = each >= least(page)
    narrowest = NARROWEST_WHOLE if page == count else NARROWEST
    few = size.height // lanes - 1 < min(FEWEST, count)
    few |= page == count and sum(slots) + _BESIDE_SLOTS * lanes > size.height
    if lanes > 1 and each >= narrowest and sum(needed) > size.height and (fine or few):
        arrangement = arrange(needed, *size, narrowest)
    else:
        arrangement = stacked(needed, *size)
    rooms = [height - 1 for height in arrangement.heights]
    shown = max(1, min(count, *rooms))
    thickness = max(1, min(THICKEST, *(room // shown for room in rooms)))
    return GanttLayout(arrangement, (shown,) * lanes, thickness)


def paired_layout(count: int, lanes: int, size: Size) -> GanttLayout:
    """Panels below each other in which each request has two bars; as many as there is room for."""
    arrangement = stacked([2 * count + 1] * lanes, *size)
    rooms = [(height - 1) // 2 for height in arrangement.heights]
    shown = max(1, min(count, *rooms))
    thickness = max(1, min(THICKEST, *(room // shown for room in rooms)))
    return GanttLayout(arrangement, (shown,) * lanes, thickness)


def slot_layout(slots: Sequence[int], heeds: Sequence[bool], size: Size) -> GanttLayout:
    """Bands as thick as they can be with all slots seen; or some slots, a row each.

    A panel of three rows or less has none for the queue. What room is left is the queue's, and in
    equal parts the KV cache's where a lane heeds memory.

    Args:
        slots: how many there are in each panel.
        heeds: whether the lane of each panel heeds memory.
        size: the room for all panels.
    """
    lanes, caches = len(slots), sum(heeds)
    thickness = max(
        1,
        *(
            min(most, (size.height - (1 + queue) * lanes - kv * caches) // sum(slots))
            for most, queue, kv in ((THICKEST, 1, THINNEST_KV), (THICKEST_SLOT, _FAIR, _FAIR))
        ),
    )
    needed = [number * thickness + 2 for number in slots]
    left = max(0, size.height - sum(needed)) // lanes
    queue = min(_FAIR, 1 + left // 2) if caches else min(THICKEST_QUEUE, 1 + left)
    memory = min(THICKEST_KV, left - (queue - 1)) if caches else 0
    apart = int(memory > THINNEST_KV)
    arrangement = stacked(
        [rows - 1 + queue + memory * has_kv for rows, has_kv in zip(needed, heeds, strict=True)],
        *size,
    )
    if min(arrangement.heights) <= 3:
        queue = 0
    shown = tuple(
        max(1, min(number, (rows - 1 - queue - memory * has_kv) // thickness))
        for number, has_kv, rows in zip(slots, heeds, arrangement.heights, strict=True)
    )
    return GanttLayout(arrangement, shown, thickness, queue, memory - apart, apart)
