"""What arrives: workloads, where they come from, and how they are changed."""

from tui_batching.requests import Requests
from tui_batching.workload.costs import bundled_profiles, load_profile
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.library import bundled_workloads
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ServiceLevel, Source, Workload
from tui_batching.workload.reading import load_workload, parse_workload
from tui_batching.workload.settings import apply_settings

__all__ = [
    "GeneratedRequests",
    "ListedRequests",
    "Requests",
    "ServiceLevel",
    "Source",
    "Workload",
    "apply_settings",
    "bundled_profiles",
    "bundled_workloads",
    "load_profile",
    "load_workload",
    "parse_workload",
]
