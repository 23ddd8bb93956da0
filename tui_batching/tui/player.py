"""The player: a playhead over finished Runs. It knows no screen and no clock of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tui_batching.clock import SECOND, Picoseconds
from tui_batching.numbers import significant
from tui_batching.sim.run import Run

SPEEDS: tuple[float, ...] = tuple(2.0**power for power in range(-20, 19))
"""Simulated seconds per second: a run of 20 µs takes as long to see as one of 106 days."""

LASTS = 20 * SECOND
"""Of the wall clock: what is begun plays for at least as long, and for less than twice of it."""
GREETED_SECONDS = 8
"""Of the wall clock: how long what is begun at its own speed is new, whatever happens in it."""


def speed_for(end: Picoseconds) -> float:
    """The speed at which what lasts so long in simulated time is seen in 20 to 40 seconds.

    Example: 10.3 s are played at 0.5, which takes 20.6 s.
    """
    return max((speed for speed in SPEEDS if speed * LASTS <= end), default=SPEEDS[0])


def speed_text(speed: float) -> str:
    """How fast it plays, beside real time: `0.5x`, `1/16x`, `4,096x`."""
    return f"{significant(speed)}x" if speed >= 0.25 else f"1/{1 / speed:,.0f}x"


class Player:
    """Where the playhead is, whether it moves, and how fast.

    Playing follows a wall clock, given in seconds with each call: the playhead is computed from
    the instant at which it was last set, so late or missing ticks lose frames but no time.

    Attributes:
        until: where playing stops when it comes there, or None; beyond it, playing goes on.
        loop: a stretch from whose end playing goes back to its start, or None; beyond it, playing
            goes on.
        greets_until: up to where newcomers are told what they can do.
    """

    def __init__(self, speed: float = 0.5) -> None:
        self.runs: Sequence[Run] = ()
        self.time: Picoseconds = 0
        self.playing = False
        self.speed = speed
        self.until: Picoseconds | None = None
        self.loop: tuple[Picoseconds, Picoseconds] | None = None
        self.greets_until: Picoseconds = 0
        self._since: tuple[float, Picoseconds] = (0.0, 0)

    @property
    def end(self) -> Picoseconds:
        """The instant at which the last Run is over."""
        return max((run.finished for run in self.runs), default=0)

    @property
    def at_end(self) -> bool:
        """Whether every Run is over."""
        return self.time >= self.end

    def begin(
        self, runs: Sequence[Run], speed: float | None, wall: float, *, plays: bool = False
    ) -> None:
        """Begin these Runs, at a speed with which they last a while if none is given.

        Args:
            runs: what is played.
            speed: simulated seconds a second, or None.
            wall: the time on the wall.
            plays: whether to play from the first arrival on, and not only if it played before.
        """
        self.load(runs, wall)
        first = min(run.begin for run in runs) if plays else 0
        speed = speed or speed_for(self.end)
        self.greets_until = first + int(GREETED_SECONDS * speed * SECOND)
        self.set(first, speed, wall, playing=self.playing or plays)

    def load(self, runs: Sequence[Run], wall: float) -> None:
        """Play these Runs from now on, the playhead where it was."""
        self.runs = runs
        self.seek(self.time, wall)

    def toggle(self, wall: float) -> None:
        """Play or pause; at the end, play again from the start."""
        if self.at_end and not self.playing:
            self.time = 0
        self.playing = not self.playing
        self._since = (wall, self.time)

    def play(self, wall: float, speed: float | None = None) -> None:
        """Play on, at this speed if one is given; at the end, play again from the start."""
        begin = 0 if self.at_end else self.time
        self.set(begin, speed or self.speed, wall, playing=True)

    def tick(self, wall: float) -> None:
        """Move the playhead to where the wall clock says it is; pause at the end, or at `until`.

        Before the first Runs are loaded it waits for them.
        """
        if not (self.playing and self.runs):
            return
        started, time = self._since
        now = time + int((wall - started) * self.speed * SECOND)
        stop = self.end if self.until is None or time >= self.until else min(self.until, self.end)
        self.time = min(stop, self._looped(time, now))
        if self.time == stop:
            self.playing = False

    def _looped(self, since: Picoseconds, now: Picoseconds) -> Picoseconds:
        """Where playing has come by `now` on its way from `since`, through the loop if any."""
        if self.loop is None:
            return now
        first, last = self.loop[0], min(self.loop[1], self.end)
        if not (since < last <= now and first < last):
            return now
        return first + (now - first) % (last - first)

    def seek(self, time: Picoseconds, wall: float) -> None:
        """Put the playhead at an instant between time zero and the end."""
        self.time = max(0, min(time, self.end))
        self._since = (wall, self.time)

    def stop_at(self, time: Picoseconds, wall: float) -> None:
        """Pause at an instant."""
        self.playing = False
        self.seek(time, wall)

    def set(self, time: Picoseconds, speed: float, wall: float, *, playing: bool) -> None:
        """Put the playhead at an instant, to play from there to the end at this speed, or stay."""
        self.speed, self.playing = speed, playing
        self.until = self.loop = None
        self.seek(time, wall)

    def change_speed(self, notches: int, wall: float) -> None:
        """Go up or down the list of speeds."""
        self.tick(wall)
        slower = sum(speed < self.speed for speed in SPEEDS)
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, slower + notches))]
        self._since = (wall, self.time)

    def step(self, count: int, wall: float, runs: Sequence[Run] = ()) -> None:
        """Pause, and go `count` iteration boundaries on, or back if negative.

        Args:
            count: how many.
            wall: the time on the wall.
            runs: whose boundaries count; the next one of any of them is next. All by default.
        """
        self.playing = False
        stepped = runs or self.runs
        for _ in range(abs(count)):
            moments = [run.at(self.time) for run in stepped]
            if count > 0:
                ahead = [time for each in moments if (time := each.next_boundary) is not None]
                target = min(ahead, default=None)
            else:
                behind = [time for each in moments if (time := each.previous_boundary) is not None]
                target = max(behind, default=None)
            if target is None:
                break
            self.time = target
        self.seek(self.time, wall)
