"""What was read of a trace, what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass

from tui_batching.clock import duration_text
from tui_batching.workload.traces.options import TraceOptions


@dataclass
class TraceReport:
    """Counts of rows; `sentence` tells them.

    Attributes:
        name: of the file.
        title: of its format.
        failed_because: what marks a failed request in this format.
        options: what was asked for.
        requests: taken.
        failed: not taken, because they failed when they were recorded.
        outside: not taken, because they arrive outside of the window.
        long_inputs, long_outputs: with more tokens than asked for; cut, or not taken.
        stopped: whether reading ended at the limit.
    """

    name: str
    title: str
    failed_because: str
    options: TraceOptions
    requests: int = 0
    failed: int = 0
    outside: int = 0
    long_inputs: int = 0
    long_outputs: int = 0
    stopped: bool = False

    @property
    def sentence(self) -> str:
        """Everything in one line; what did not happen is not mentioned."""
        read = f"read {_counted(self.requests, 'request')} ({self.title})"
        return f"{self.name}: " + "; ".join((read, *self.left_out()))

    def left_out(self) -> list[str]:
        """What was not taken as it is."""
        asked = self.options
        fate = "clipped to" if asked.over == "clip" else "dropped, over"
        told = [
            (self.stopped, f"stopped at the limit of {asked.limit or 0:,}"),
            (self.failed, f"{_counted(self.failed, 'failed row')} skipped ({self.failed_because})"),
            (self.outside, f"{_counted(self.outside, 'row')} outside of {self._window()} skipped"),
            (
                self.long_inputs,
                f"{_counted(self.long_inputs, 'prompt')} {fate} {asked.max_input or 0:,} tokens",
            ),
            (
                self.long_outputs,
                f"{_counted(self.long_outputs, 'answer')} {fate} {asked.max_output or 0:,} tokens",
            ),
            (asked.speed != 1, f"replayed at {asked.speed:g} times the speed"),
        ]
        return [sentence for happened, sentence in told if happened]

    def _window(self) -> str:
        start = duration_text(self.options.start or 0)
        if self.options.duration is None:
            return f"the window from {start} on"
        return f"the window of {duration_text(self.options.duration)} from {start} on"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
