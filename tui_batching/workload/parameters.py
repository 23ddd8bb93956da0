"""The parameters of strategies, cost and service level, and how each is read.

The workload file and `--set` read the same table, so that both know the same parameters and
refuse the same values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui_batching.strategy import Continuous, Dynamic, Static, Strategy
from tui_batching.workload.fields import Field, Reader

_batch_size = partial(Field.whole, least=1)


def _timeout_from(field: Field) -> str:
    return field.choice("server_free", "arrival")


STRATEGIES: dict[str, Callable[..., Strategy]] = {
    kind.name: kind for kind in (Static, Dynamic, Continuous)
}

STRATEGY_READERS: dict[str, dict[str, Reader]] = {
    "static": {"batch_size": _batch_size},
    "dynamic": {
        "batch_size": _batch_size,
        "timeout": Field.duration,
        "timeout_from": _timeout_from,
    },
    "continuous": {"batch_size": _batch_size},
}

COST_READERS: dict[str, Reader] = {
    "prefill_per_token": Field.duration,
    "decode_step": partial(Field.duration, longer_than_zero=True),
    "per_extra_request": Field.duration,
}

SLO_READERS: dict[str, Reader] = {
    "ttft": Field.duration,
    "tpot": Field.duration,
    "e2el": Field.duration,
}
