"""Static, dynamic and continuous batching of LLM requests, simulated exactly.

    from tui_batching import compare, load_workload

    for result in compare(load_workload("notebook"), ["static", "vllm"]):
        print(result.strategy.name, result.metrics["p99_latency"])

Times of a `Run` are whole picoseconds in int64 columns; its `table` and all metrics are in seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_batching.analysis.breakdown import Breakdown
    from tui_batching.analysis.capacity import Capacities, Capacity, capacity
    from tui_batching.analysis.comparison import Comparison, Result, compare
    from tui_batching.analysis.metrics import Metrics, metrics
    from tui_batching.analysis.slices import SliceParts, breakdown
    from tui_batching.analysis.slowest import SlowRequest, slowest
    from tui_batching.analysis.sweeps import Point, Sweep
    from tui_batching.analysis.sweeps.plan import sweep
    from tui_batching.clock import parse_duration, to_seconds
    from tui_batching.errors import InputError
    from tui_batching.measured.calibration import Calibration, calibrate
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

_HOMES = {
    "analysis.breakdown": ("Breakdown",),
    "analysis.capacity": ("Capacities", "Capacity", "capacity"),
    "analysis.comparison": ("Comparison", "Result", "compare"),
    "analysis.metrics": ("Metrics", "metrics"),
    "analysis.slices": ("SliceParts", "breakdown"),
    "analysis.slowest": ("SlowRequest", "slowest"),
    "analysis.sweeps": ("Point", "Sweep"),
    "analysis.sweeps.plan": ("sweep",),
    "clock": ("parse_duration", "to_seconds"),
    "errors": ("InputError",),
    "measured.calibration": ("Calibration", "calibrate"),
    "sim.run": ("Run",),
    "sim.simulate": ("simulate",),
    "strategies": (
        "Continuous",
        "Dynamic",
        "FastGen",
        "Orca",
        "SgLang",
        "Static",
        "Strategy",
        "TensorRtLlm",
        "Tgi",
        "Triton",
        "Vllm",
        "VllmV0",
    ),
    "workload": (
        "ServiceLevel",
        "Workload",
        "apply_settings",
        "bundled_workloads",
        "load_profile",
        "load_workload",
        "workload_of",
    ),
}
"""The modules that these names are in; each is loaded when one of its names is asked for."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
