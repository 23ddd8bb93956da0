"""What arrives: workloads, where they come from, and how they are changed."""

from tui_batching.requests import Requests
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.listed import ListedRequests, workload_of
from tui_batching.workload.model import Source, Workload
from tui_batching.workload.profiles import bundled_profiles, load_profile
from tui_batching.workload.service_level import ServiceLevel, Target
from tui_batching.workload.serving import choose_strategies
from tui_batching.workload.settings import apply_settings
from tui_batching.workload.workload_files import (
    bundled_workloads,
    load_workload,
    parse_workload,
    path_of_text,
)

__all__ = [
    "GeneratedRequests",
    "ListedRequests",
    "Requests",
    "ServiceLevel",
    "Source",
    "Target",
    "Workload",
    "apply_settings",
    "bundled_profiles",
    "bundled_workloads",
    "choose_strategies",
    "load_profile",
    "load_workload",
    "parse_workload",
    "path_of_text",
    "workload_of",
]
