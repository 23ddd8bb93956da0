"""Traces of real traffic: a small module for each format, and what they have in common."""

from tui_batching.workload.traces.options import OPTION_READERS, TraceOptions
from tui_batching.workload.traces.recognise import FORMATS
from tui_batching.workload.traces.source import TraceRequests, find_trace
from tui_batching.workload.traces.writing import WRITTEN_FORMATS, WrittenFormat, write_trace

__all__ = [
    "FORMATS",
    "OPTION_READERS",
    "WRITTEN_FORMATS",
    "TraceOptions",
    "TraceRequests",
    "WrittenFormat",
    "find_trace",
    "write_trace",
]
