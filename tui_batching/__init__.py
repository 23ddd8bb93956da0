"""Static, dynamic and continuous batching of LLM requests, simulated exactly.

    from tui_batching import compare, load_workload

    for result in compare(load_workload("notebook"), ["static", "vllm"]):
        print(result.strategy.name, result.metrics["p99_latency"])

Times of a `Run` are whole picoseconds in int64 columns; its `table` and all metrics are in seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tui_batching.analysis.breakdown import Breakdown
from tui_batching.analysis.comparison import Comparison, Result, compare
from tui_batching.analysis.metrics import Metrics, metrics
from tui_batching.analysis.slices import SliceParts, breakdown
from tui_batching.clock import parse_duration, to_seconds
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import (
    Continuous,
    Dynamic,
    FastGen,
    Orca,
    SgLang,
    Static,
    Strategy,
    TensorRtLlm,
    Tgi,
    Triton,
    Vllm,
    VllmV0,
)
from tui_batching.workload import (
    ServiceLevel,
    Workload,
    apply_settings,
    bundled_workloads,
    load_profile,
    load_workload,
    workload_of,
)

if TYPE_CHECKING:
    from tui_batching.analysis.capacity import Capacities, Capacity, capacity
    from tui_batching.analysis.slowest import SlowRequest, slowest
    from tui_batching.analysis.sweeps import Point, Sweep
    from tui_batching.analysis.sweeps.plan import sweep
    from tui_batching.measured.calibration import Calibration, calibrate

__version__ = "0.1.0"

__all__ = [
    "Breakdown",
    "Calibration",
    "Capacities",
    "Capacity",
    "Comparison",
    "Continuous",
    "Dynamic",
    "FastGen",
    "InputError",
    "Metrics",
    "Orca",
    "Point",
    "Result",
    "Run",
    "ServiceLevel",
    "SgLang",
    "SliceParts",
    "SlowRequest",
    "Static",
    "Strategy",
    "Sweep",
    "TensorRtLlm",
    "Tgi",
    "Triton",
    "Vllm",
    "VllmV0",
    "Workload",
    "__version__",
    "apply_settings",
    "breakdown",
    "bundled_workloads",
    "calibrate",
    "capacity",
    "compare",
    "load_profile",
    "load_workload",
    "metrics",
    "parse_duration",
    "simulate",
    "slowest",
    "sweep",
    "to_seconds",
    "workload_of",
]

_LOADED_LATER = {
    "Calibration": "measured.calibration",
    "Capacities": "analysis.capacity",
    "Capacity": "analysis.capacity",
    "Point": "analysis.sweeps",
    "SlowRequest": "analysis.slowest",
    "Sweep": "analysis.sweeps",
    "calibrate": "measured.calibration",
    "capacity": "analysis.capacity",
    "slowest": "analysis.slowest",
    "sweep": "analysis.sweeps.plan",
}
"""What takes a while to load and few need, by its module."""


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LOADED_LATER[name]}"), name)


def __dir__() -> list[str]:
    return __all__
