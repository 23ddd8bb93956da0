"""Sweeps: one parameter of a workload goes through several values, with all else the same."""

from tui_batching.analysis.sweeps.plan import (
    Plan,
    plan_sweep,
    run_sweep,
    sweep,
    unvaried,
    usual_sweeps,
)
from tui_batching.analysis.sweeps.sweep import KINDS, Kind, Point, Sweep

__all__ = [
    "KINDS",
    "Kind",
    "Plan",
    "Point",
    "Sweep",
    "plan_sweep",
    "run_sweep",
    "sweep",
    "unvaried",
    "usual_sweeps",
]
