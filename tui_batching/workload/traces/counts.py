"""What was read of a trace, what was assumed and what was left out, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tui_batching.clock import (
    MICROSECOND,
    MILLISECOND,
    NANOSECOND,
    SECOND,
    Picoseconds,
    duration_text,
    exact_seconds,
    format_duration,
)
from tui_batching.numbers import counted
from tui_batching.printable import printable
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.values import UNIT_NAMES, Unit

_LENGTHS: dict[Unit, Picoseconds] = {
    "s": SECOND,
    "ms": MILLISECOND,
    "us": MICROSECOND,
    "ns": NANOSECOND,
}
_SHARE_TOGETHER = Fraction(1, 10)
"""Of all rows, how many share the instant of another one where the clock's ticks are told."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """How coarse the clock of a file is.

    Attributes:
        rows: how many requests there are.
        instants: at how many different instants they arrive.
        every: from one instant to the next, most often; None where no gap comes twice.
    """

    rows: int
    instants: int
    every: Picoseconds | None

    @property
    def coarse(self) -> bool:
        """Whether so many arrive together, tick after tick, that it has to be told."""
        return self.every is not None and self.rows - self.instants >= _SHARE_TOGETHER * self.rows


@dataclass
class RowCounts:
    """How many rows were taken, and how many were not and why; how the others were understood.

    Attributes:
        name: of the file.
        options: what was asked for.
        title: of its format.
        failed_because: what marks a failed request in this format.
        requests: taken.
        failed: not taken, because they failed when they were recorded.
        elsewhere: not taken, because of what stands in other columns.
        outside: not taken, because they arrive outside of the window.
        beyond: not taken, because the limit was reached.
        long_inputs, long_outputs: with more tokens than asked for; cut, or not taken.
        late: rows behind one that arrived later.
        ticks: of the file's clock.
        span: from the earliest arrival in the file to the last.
        window_from: where the busiest window begins, counted from the earliest arrival.
        unit: what its times were counted in; None where they are instants.
        unit_assumed: whether the file does not tell it, nor the user.
        epoch: the column whose numbers look like the time since 1970 in another unit than usual.
        throttle: what a client sent its requests by, where that was no load of users.
        session: the column of sessions, where one has several rows.
        hash_block: tokens that a hash of a prompt stands for; None where there are no hashes.
        misfits: rows with other than one hash for each block of their prompts.
        rows: in the file.
        offered: rows that there are by the answers of an API, of which the file has pages.
    """

    name: str
    options: TraceOptions
    title: str = ""
    failed_because: str = ""
    requests: int = 0
    failed: int = 0
    elsewhere: int = 0
    outside: int = 0
    beyond: int = 0
    long_inputs: int = 0
    long_outputs: int = 0
    late: int = 0
    ticks: Ticks | None = None
    span: Picoseconds = 0
    window_from: Picoseconds = 0
    unit: Unit | None = None
    unit_assumed: bool = False
    epoch: str = ""
    throttle: str = ""
    session: str = ""
    hash_block: int | None = None
    misfits: int = 0
    rows: int = 0
    offered: int = 0

    @property
    def sentence(self) -> str:
        """What was read and left out in one line; what did not happen is not mentioned."""
        unit = f", times in {self.unit}" if self.unit else ""
        read = f"read {counted(self.requests, 'request')} ({self.title}{unit})"
        return printable(f"{self.name}: " + "; ".join((read, *self.left_out())))

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a user should know of how it was understood, a sentence each."""
        told = (
            self._told_unit(),
            self._told_throttle(),
            self._told_pages(),
            self._told_sessions(),
            self._told_hashes(),
            self._told_order(),
            self._told_ticks(),
        )
        return tuple(printable(f"{self.name}: {sentence}") for sentence in told if sentence)

    def left_out(self) -> list[str]:
        """What was not taken as it is."""
        asked = self.options
        fate = "clipped to" if asked.over == "clip" else "dropped, over"
        other = " or ".join(f"{key} is not {value}" for key, value in asked.where)
        told = [
            (self.failed, f"{counted(self.failed, 'failed row')} skipped ({self.failed_because})"),
            (self.elsewhere, f"{counted(self.elsewhere, 'row')} skipped where {other}"),
            (self.outside, f"{counted(self.outside, 'row')} outside of {self._window()} skipped"),
            (
                self.long_inputs,
                f"{counted(self.long_inputs, 'prompt')} {fate} {asked.max_input or 0:,} tokens",
            ),
            (
                self.long_outputs,
                f"{counted(self.long_outputs, 'answer')} {fate} {asked.max_output or 0:,} tokens",
            ),
            (
                self.beyond,
                f"{counted(self.beyond, 'row')} beyond the limit of {asked.limit or 0:,} skipped",
            ),
            (asked.speed != 1, f"replayed at {asked.speed:g} times the speed"),
        ]
        return [sentence for happened, sentence in told if happened]

    def _window(self) -> str:
        asked = self.options
        if asked.busiest is not None:
            begin = exact_seconds(self.window_from)
            return f"the busiest window of {duration_text(asked.busiest)}, from {begin} s on,"
        start = duration_text(asked.start or 0)
        if asked.duration is None:
            return f"the window from {start} on"
        return f"the window of {duration_text(asked.duration)} from {start} on"

    def _told_unit(self) -> str:
        if self.unit is None or not self.unit_assumed:
            return ""
        if self.epoch:
            return (
                f"{self.epoch} looks like {UNIT_NAMES[self.unit]} since 1970 and is read so; "
                "workload.unit takes another unit"
            )
        rows = self.ticks.rows if self.ticks else 0
        if self.unit == "s" or not 0 < self.span < rows * _LENGTHS[self.unit]:
            return ""
        return (
            f"nothing in it tells the unit of its times: read as {UNIT_NAMES[self.unit]}, "
            f"{rows:,} requests arrive within {format_duration(self.span)}; "
            "workload.unit=s reads seconds"
        )

    def _told_throttle(self) -> str:
        if not self.throttle:
            return ""
        return (
            f"its client was throttled ({self.throttle}): replayed are the times at which it sent, "
            "not the load of users"
        )

    def _told_pages(self) -> str:
        if self.rows >= self.offered:
            return ""
        rows = counted(self.rows, "row")
        return f"it has {rows} of {self.offered:,}: the other pages are missing"

    def _told_sessions(self) -> str:
        if not self.session:
            return ""
        return (
            f"rows that share a {self.session} are taken as requests of their own; where their "
            "lengths are what each turn adds, the server saw longer prompts"
        )

    def _told_hashes(self) -> str:
        if not self.misfits:
            return ""
        return (
            f"the hashes of {counted(self.misfits, 'prompt')} do not fit blocks of "
            f"{self.hash_block or 0:,} tokens, so that what is shared may be wrong; "
            "workload.hash_block takes another length"
        )

    def _told_order(self) -> str:
        if not self.late:
            return ""
        return f"{counted(self.late, 'row')} not in order of arrival: all are sorted first"

    def _told_ticks(self) -> str:
        ticks = self.ticks
        if ticks is None or not ticks.coarse or ticks.every is None:
            return ""
        fate = "are spread evenly" if self.options.spread else "come at once"
        hint = "" if self.options.spread else " (workload.spread=true spreads them evenly)"
        return (
            f"{ticks.instants:,} instants for {ticks.rows:,} rows: the file's clock ticks every "
            f"{ticks.every / SECOND:,.10g} s, and the arrivals of a tick {fate}{hint}"
        )
