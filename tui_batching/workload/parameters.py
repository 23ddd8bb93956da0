"""The parameters of strategies, cost and service level, and how each is read.

The workload file and `--set` read the same table, so that both know the same parameters and
refuse the same values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.strategies import Strategy
from tui_batching.workload.fields import Field, Reader


def strategy_readers(kind: type[Strategy]) -> dict[str, Reader]:
    """How each parameter of a strategy is read, by its key."""
    return {parameter.name: parameter.read for parameter in kind.about.parameters}


COSTS: dict[str, Callable[..., Cost]] = {kind.name: kind for kind in (LinearCost, AffineCost)}

_SERVING_READERS: dict[str, Reader] = {
    "first_token": lambda field: field.choice("decode", "prefill"),
    "kv_cache_tokens": partial(Field.whole, least=1),
}

COST_READERS: dict[str, dict[str, Reader]] = {
    "linear": {
        "prefill_per_token": Field.duration,
        "decode_step": partial(Field.duration, longer_than_zero=True),
        "per_extra_request": Field.duration,
        **_SERVING_READERS,
    },
    "affine": {
        "decode_base": Field.duration,
        "decode_per_request": Field.duration,
        "decode_per_context_token": Field.duration,
        "prefill_base": Field.duration,
        "prefill_per_token": Field.duration,
        "prefill_per_token_squared": Field.duration,
        **_SERVING_READERS,
    },
}

SLO_READERS: dict[str, Reader] = {
    "ttft": Field.duration,
    "tpot": Field.duration,
    "e2el": Field.duration,
}
