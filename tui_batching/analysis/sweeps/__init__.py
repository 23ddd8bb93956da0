"""Sweeps: one parameter of a workload goes through several values, with all else the same."""

from tui_batching.analysis.sweeps.plan import Plan, plan_sweep, unvaried
from tui_batching.analysis.sweeps.run import run_sweep, sweep
from tui_batching.analysis.sweeps.sweep import KINDS, Kind, Point, Sweep
from tui_batching.analysis.sweeps.workers import Workers

__all__ = [
    "KINDS",
    "Kind",
    "Plan",
    "Point",
    "Sweep",
    "Workers",
    "plan_sweep",
    "run_sweep",
    "sweep",
    "unvaried",
]
