"""The strategies: who may run when.

Each is one module: a frozen dataclass of its parameters with its rule, and what there is to know
of it. `STRATEGIES` is the table of them; nothing else in the house names one.
"""

from __future__ import annotations

from tui_batching.strategies.continuous import Continuous
from tui_batching.strategies.dynamic import Dynamic
from tui_batching.strategies.fastgen import FastGen
from tui_batching.strategies.measured import MeasuredServer
from tui_batching.strategies.orca import Orca
from tui_batching.strategies.sglang import SgLang
from tui_batching.strategies.static import Static
from tui_batching.strategies.strategy import About, Strategy
from tui_batching.strategies.tensorrt_llm import TensorRtLlm
from tui_batching.strategies.tgi import Tgi
from tui_batching.strategies.triton import Triton
from tui_batching.strategies.vllm import Vllm
from tui_batching.strategies.vllm_v0 import VllmV0

STRATEGIES: dict[str, type[Strategy]] = {
    kind.about.name: kind
    for kind in (
        Static,
        Dynamic,
        Continuous,
        Vllm,
        VllmV0,
        SgLang,
        Tgi,
        TensorRtLlm,
        FastGen,
        Orca,
        Triton,
    )
}
"""Every strategy by name, in the order in which they are listed."""


def about(name: str) -> About:
    """What there is to know of what has a lane: a strategy, or the server of a log."""
    return (STRATEGIES | {MeasuredServer.about.name: MeasuredServer})[name].about


def mark_of(name: str) -> str:
    """The sign that tells a lane from the others without colour."""
    return about(name).mark


def names_elsewhere(kind: type[Strategy]) -> dict[str, str]:
    """What other strategies call its parameters, each with its name here.

    Two parameters are the same where they share a name or an alias, as `batch_size` is the number
    of slots everywhere.
    """
    here = {key: parameter.name for parameter in kind.about.parameters for key in parameter.keys}
    return {
        key: here[shared]
        for other in STRATEGIES.values()
        for parameter in other.about.parameters
        for shared in parameter.keys
        if shared in here
        for key in parameter.keys
        if key not in here
    }


DEFAULT_STRATEGIES: tuple[Strategy, ...] = (Static(), Dynamic(), Continuous())
"""What serves a workload that names no strategies."""

__all__ = [
    "DEFAULT_STRATEGIES",
    "STRATEGIES",
    "Continuous",
    "Dynamic",
    "FastGen",
    "MeasuredServer",
    "Orca",
    "SgLang",
    "Static",
    "Strategy",
    "TensorRtLlm",
    "Tgi",
    "Triton",
    "Vllm",
    "VllmV0",
    "about",
    "mark_of",
    "names_elsewhere",
]
