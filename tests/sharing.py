"""A workload whose requests begin with the same system prompt, and one whose memory is tight."""

from __future__ import annotations

from tui_batching.clock import MILLISECOND
from tui_batching.cost import IterationCost
from tui_batching.requests import Requests
from tui_batching.strategies import SgLang, Strategy, Vllm
from tui_batching.streams import Streams
from tui_batching.workload import ListedRequests, Workload

COST = IterationCost(8 * MILLISECOND, MILLISECOND // 20)
SYSTEM = 512
"""Tokens of the system prompt."""


def sharing(
    *rows: tuple[int, int, int],
    strategies: tuple[Strategy, ...] = (
        Vllm(8, async_scheduling=False),
        SgLang(8, schedule_conservativeness=0.3),
    ),
    memory: int | None = 16_016,
) -> Workload:
    """`(arrival in ms, input_tokens, output_tokens)`, each prompt beginning with the same one."""
    arrivals, prompts, answers = zip(*rows, strict=True)
    requests = Requests.from_columns(
        [arrival * MILLISECOND for arrival in arrivals],
        prompts,
        answers,
        stream=[0] * len(rows),
        stream_tokens=[SYSTEM] * len(rows),
        streams=Streams.roots(1),
    )
    cost = IterationCost(COST.base, COST.per_token, kv_cache_tokens=memory)
    return Workload("sharing", ListedRequests(requests), cost=cost, strategies=strategies)


USERS = ((0, 600, 30), (100, 600, 30), (200, 530, 30), (210, 700, 200), (600, 600, 30))
"""The system prompt, and what each asks."""
