"""Static, dynamic and continuous batching of LLM requests, simulated exactly.

    from tui_batching import compare, load_workload

    for result in compare(load_workload("notebook")):
        print(result.strategy.name, result.metrics["p99_latency"])

Times of a `Run` are whole picoseconds in int64 columns; metrics are in seconds.
"""

from __future__ import annotations

from tui_batching.analysis.breakdown import Breakdown, breakdown
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import Metrics, metrics
from tui_batching.errors import InputError
from tui_batching.sim.run import Run
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import Workload, apply_settings, bundled_workloads, load_workload

__version__ = "0.1.0"

__all__ = [
    "Breakdown",
    "Comparison",
    "Continuous",
    "Dynamic",
    "InputError",
    "Metrics",
    "Run",
    "Static",
    "Workload",
    "__version__",
    "apply_settings",
    "breakdown",
    "bundled_workloads",
    "compare",
    "load_workload",
    "metrics",
    "simulate",
]
