"""The parameters of strategies, cost and service level, and how each is read.

The workload file and `--set` read the same table, so that both know the same parameters and
refuse the same values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui_batching.cost import AffineCost, Cost, LinearCost
from tui_batching.reading.fields import Field, Reader
from tui_batching.strategy import MAX_BATCH_SIZE, Continuous, Dynamic, Static, Strategy

_batch_size = partial(Field.whole, least=1, most=MAX_BATCH_SIZE)


def _timeout_from(field: Field) -> str:
    return field.choice("server_free", "arrival")


def _pad_to(field: Field) -> str:
    return field.choice("batch", "workload")


STRATEGIES: dict[str, Callable[..., Strategy]] = {
    kind.name: kind for kind in (Static, Dynamic, Continuous)
}

STRATEGY_READERS: dict[str, dict[str, Reader]] = {
    "static": {"batch_size": _batch_size, "pad_to": _pad_to},
    "dynamic": {
        "batch_size": _batch_size,
        "timeout": Field.duration,
        "timeout_from": _timeout_from,
    },
    "continuous": {"batch_size": _batch_size},
}

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
