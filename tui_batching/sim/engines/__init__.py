"""The schedulers of real engines: one iteration-level loop, and the parts that they differ in.

- `loop`: the loop; before each iteration it decides who gets how many tokens.
- `memory`: what is held of the KV cache, and what happens when it is full.
- `joining`: when newcomers may join.
- `cuts`: how prompts are cut into the parts that an iteration processes.
- `serving`: from requests to a Run, or a sentence that says which one can never be served.

An engine is a row of choices among these: see `strategies`.
"""

from __future__ import annotations
