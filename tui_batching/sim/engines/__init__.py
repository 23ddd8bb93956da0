"""The schedulers of real engines: one iteration-level loop, and the parts that they differ in.

- `loop`: the loop; before each iteration it decides who gets how many tokens.
- `memory`: what is held of the KV cache, and what happens when it is full.
- `joining`: when newcomers may join.
- `cuts`: how prompts are cut into the parts that an iteration processes.

An engine is a row of choices among these: see `strategies`.
"""

from __future__ import annotations

from tui_batching.sim.engines.cuts import Cut, Equal, Fill, FillBlocks, Whole
from tui_batching.sim.engines.joining import EveryStep, Joining, OnlyIdle, UntilFull, WhenServed
from tui_batching.sim.engines.loop import Engine
from tui_batching.sim.engines.memory import Estimate, Memory, Paged, Reserve, Skipping

__all__ = [
    "Cut",
    "Engine",
    "Equal",
    "Estimate",
    "EveryStep",
    "Fill",
    "FillBlocks",
    "Joining",
    "Memory",
    "OnlyIdle",
    "Paged",
    "Reserve",
    "Skipping",
    "UntilFull",
    "WhenServed",
    "Whole",
]
