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
from tui_batching.strategies.strategy import TAG, About, Strategy
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


def kind_of(name: str) -> type[Strategy]:
    """What has a lane of this name: a strategy, of `vllm@512` that is `vllm`, or a log's server."""
    known = STRATEGIES | {MeasuredServer.about.name: MeasuredServer}
    return known[name.partition("@")[0]]


def about(name: str) -> About:
    """What there is to know of what has a lane of this name."""
    return kind_of(name).about


def spelled(name: str) -> str:
    """The name as it is written for people: of `vllm@512` it is `vLLM@512`."""
    kind, at, tag = name.partition("@")
    return f"{about(name).spelled or kind}{at}{tag}"


def mark_of(name: str) -> str:
    """The sign that tells a lane from the others without colour: of `vllm@512` it is `5`."""
    return tag_of(name)[:1] or about(name).mark


def tag_of(name: str) -> str:
    """What tells a lane from others of its kind; empty where nothing has to."""
    return name.partition("@")[2]


def is_tagged(name: str) -> bool:
    """Whether this names one of several of a kind, such as `vllm@512`."""
    kind, _, tag = name.partition("@")
    return kind in STRATEGIES and bool(TAG.fullmatch(tag))


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
    "is_tagged",
    "kind_of",
    "mark_of",
    "names_elsewhere",
    "tag_of",
]
