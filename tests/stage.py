"""Setting the stage for tests of the screen: small workloads, views, and what is seen of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from textual.strip import Strip

from tui_batching.clock import MILLISECOND, Picoseconds
from tui_batching.cost import LinearCost
from tui_batching.sim.run import Run
from tui_batching.strategy import Continuous, Dynamic, Static, Strategy
from tui_batching.tui.scene import Scene, build_scene
from tui_batching.tui.themes import Palette, load_themes
from tui_batching.workload import ListedRequests, Requests, Workload

MS = MILLISECOND
COST = LinearCost(prefill_per_token=1 * MS, decode_step=10 * MS, per_extra_request=2 * MS)
"""Round numbers: a batch of two takes 12 ms a step, a batch of four 16 ms."""


def hand_made(*rows: tuple[int, int, int], strategies: Sequence[Strategy] = ()) -> Workload:
    """A workload of `(arrival in ms, input_tokens, output_tokens)` at the round costs."""
    arrival, prompt, answer = np.array(rows).T
    requests = ListedRequests(Requests.from_columns(arrival * MS, prompt, answer))
    chosen = tuple(strategies) or (Static(2), Dynamic(2, 50 * MS), Continuous(2))
    return Workload("hand made", requests, cost=COST, strategies=chosen)


def crowd(count: int, batch_size: int, gap: int = 0) -> Workload:
    """Many requests of 1 to 13 tokens, `gap` ms apart; every strategy has the same batch size."""
    rows = [(number * gap, number % 5, 1 + number * 7 % 13) for number in range(count)]
    sizes = (Static(batch_size), Dynamic(batch_size, 50 * MS), Continuous(batch_size))
    return hand_made(*rows, strategies=sizes)


def scene_of(workload: Workload) -> Scene:
    """The finished scene of a workload."""
    return build_scene(workload, None, lambda _: None)


def boundaries(run: Run) -> list[Picoseconds]:
    """All iteration boundaries of a Run, time zero and its end included."""
    spans = run.spans
    columns = (spans.start.tolist(), spans.steps.tolist(), spans.step_time.tolist())
    starts = (
        start + step * length
        for start, steps, length in zip(*columns, strict=True)
        for step in range(steps)
    )
    return [*starts, run.finished]


def palette(name: str = "dark") -> Palette:
    """The colours of a theme."""
    return Palette.from_theme(load_themes()[name])


def texts(strips: Iterable[Strip]) -> list[str]:
    """What the rows say, without any style."""
    return [strip.text for strip in strips]
