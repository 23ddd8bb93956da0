"""Traces of real traffic: a table of formats, and what is taken of a file."""

from tui_batching.workload.traces.formats import FORMATS
from tui_batching.workload.traces.headers import is_header
from tui_batching.workload.traces.lengths import LENGTHS_OPTIONS, TraceLengths, find_lengths
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.source import TraceRequests, find_trace, looks_like_trace
from tui_batching.workload.traces.writing import (
    WRITTEN_FORMATS,
    WrittenFormat,
    tells_sharing,
    write_trace,
)

__all__ = [
    "FORMATS",
    "LENGTHS_OPTIONS",
    "WRITTEN_FORMATS",
    "TraceLengths",
    "TraceOptions",
    "TraceRequests",
    "WrittenFormat",
    "find_lengths",
    "find_trace",
    "is_header",
    "looks_like_trace",
    "tells_sharing",
    "write_trace",
]
