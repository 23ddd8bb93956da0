"""Sweeps: one parameter of a workload goes through several values, with all else the same."""

from tui_batching.analysis.sweeps.plan import (
    Plan,
    plan_sweep,
    run_sweep,
    sweep,
    unvaried,
    usual_sweeps,
    varying,
)
from tui_batching.analysis.sweeps.sweep import Point, Refusal, Sweep
from tui_batching.analysis.sweeps.varied import KINDS, Kind

__all__ = [
    "KINDS",
    "Kind",
    "Plan",
    "Point",
    "Refusal",
    "Sweep",
    "plan_sweep",
    "run_sweep",
    "sweep",
    "unvaried",
    "usual_sweeps",
    "varying",
]
