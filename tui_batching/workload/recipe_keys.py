"""The keys of a recipe, `generate:` in a workload file, each with what it takes."""

from __future__ import annotations

from collections.abc import Mapping

RECIPE_KEYS: Mapping[str, str] = {
    "count": "how many requests",
    "seed": "chooses the draws",
    "arrivals": (
        "`poisson`, `gamma` (with `burstiness`: 1 is Poisson, less comes in clumps) or `constant`, "
        "with `mean_gap` or `rate` (per second); but for the last, `rescale: true` makes the gaps "
        "sum to exactly count times mean gap. `ramp`: `start_rate`, `end_rate`, `shape` (linear or "
        "exponential), `burstiness`. `burst`: `size` and `every`, or all at once; from `at` on"
    ),
    "input_tokens": (
        "of prompts: `uniform: [low, high]`, `fixed: n`, `normal` (`mean`, `sd`), `lognormal` "
        "(`mean`, `sigma`), `exponential` (`mean`), `zipf` (`exponent`); all but the first two "
        "take `min` and `max`, and all but zipf `above_max: redraw`, which draws again what would "
        "be cut to `max`"
    ),
    "output_tokens": "of answers: the same",
    "classes": (
        "instead of the two: a list of `{weight, input_tokens, output_tokens, max_tokens}`, of "
        "which each request draws one"
    ),
    "max_tokens": (
        "what clients ask for, in any workload: a number, `power_of_two` (the next one above each "
        "answer), or `exact`, as by default"
    ),
    "prefixes": (
        "system prompts, `[{tokens: 1200, weight: 3}, {tokens: 0}]`, of which each request (each "
        "conversation) draws one; it comes before what `input_tokens` draws. `count: 20` stands "
        "for twenty different ones"
    ),
    "turns": (
        "`{mean: 4, think_time: 20s}`, on average: requests are turns of conversations, and a "
        "prompt is all that was said before and what `input_tokens` draws. A turn comes whether "
        "the one before was answered or not; `arrivals` is still the rate of requests"
    ),
    "draws": (
        "`notebook` repeats the draws of the notebook that this project started from; with "
        "`notebook-loads`, each load of a sweep goes on with the stream"
    ),
    "skip": "of the notebook's draws: how many requests are left out before these",
}
"""In the order in which they are listed."""
