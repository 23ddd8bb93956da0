"""Measure the app in a pseudo-terminal: bytes, time and memory of playing, against their budgets.

    python -m tests.benchmarks.terminal [--quick]

At 160x45 with 256 colours the workload `notebook` is played at 1x, as it is drawn locally and with
--low-bandwidth. Other programs disturb: the best of several tries is told. It starts from bytecode,
as what is installed does, which a try before has written. "After zlib" is one compressed stream
that is flushed at every write, as `ssh -C` does. A slow reader takes 30 kB/s.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import platform
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from statistics import median, quantiles
from typing import Self

import psutil
import pyte

COLUMNS, ROWS = 160, 45
SLOW_BYTES_A_SECOND = 30_000
_CLOCK = re.compile(r"(\d+\.\d{3}) / 10\.311 s")
_NOT_FOR_PYTE = re.compile(rb"\x1b\[([<>=][0-9;]*u|\?[0-9]+\$p)")
_WITHOUT_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_OF_A_TERMINAL = ("COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "SSH_CONNECTION")
_FRAME_GAP = 0.015
"""Seconds of silence that part two frames."""


@dataclass(frozen=True)
class Budget:
    """What a figure may be, locally and with --low-bandwidth."""

    name: str
    unit: str
    local: float
    low: float
    digits: int = 1


BUDGETS = {
    "bytes": Budget("bytes written", "kB/s", 60, 20),
    "zlib": Budget("bytes after zlib", "kB/s", float("inf"), 3),
    "cpu": Budget("share of a core", "%", 12, 6),
    "frames": Budget("frames", "/s", float("inf"), float("inf")),
    "paint": Budget("first paint", "ms", 600, 600, 0),
    "paint_cpu": Budget("first paint, of it computing", "ms", float("inf"), float("inf"), 0),
    "lanes": Budget("lanes seen", "ms", float("inf"), float("inf"), 0),
    "p50": Budget("key to paint, p50", "ms", 60, 60, 0),
    "p95": Budget("key to paint, p95", "ms", 60, 60, 0),
    "memory": Budget("resident memory", "MB", 90, 90, 0),
    "idle": Budget("idle, paused", "bytes/s", 0, 0, 0),
    "lag": Budget("slow reader: behind the clock", "ms", 200, 200, 0),
    "slow_key": Budget("slow reader: key to paint", "ms", 1000, 1000, 0),
}


@dataclass
class App:
    """The app in a pseudo-terminal, and what it has written when."""

    arguments: tuple[str, ...]
    began: float = field(default_factory=time.perf_counter)
    writes: list[tuple[float, bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in _OF_A_TERMINAL}
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tui_batching", "play", "--paused", *self.arguments],
            stdin=its, stdout=its, stderr=its, start_new_session=True,
            env={**environment, "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(its)
        self.process = psutil.Process(self.program.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.ours)

    def read(self, until: float, enough: Callable[[bytes], bool] = lambda _: False) -> bytes:
        """What is written up to an instant, or until it is enough."""
        fresh = b""
        while (left := until - time.perf_counter()) > 0 and not enough(fresh):
            if select.select([self.ours], [], [], left)[0]:
                data = os.read(self.ours, 65536)
                self.writes.append((time.perf_counter(), data))
                fresh += data
        return fresh

    def rest(self, seconds: float) -> bytes:
        """What is written in this time."""
        return self.read(time.perf_counter() + seconds)

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self.ours, keys.encode())

    def wait_until_open(self) -> tuple[float, float, float]:
        """Seconds from the start to the first picture, as they pass and of computing; to lanes."""
        self.read(time.perf_counter() + 30, lambda seen: b"\x1b[0m" in seen)
        first, computing = self.writes[-1][0], self.cpu_time()
        self.read(time.perf_counter() + 30, lambda seen: b"CONTINUOUS" in seen)
        return first - self.began, computing, self.writes[-1][0] - self.began

    def cpu_time(self) -> float:
        """Seconds that the process has used."""
        times = self.process.cpu_times()
        return times.user + times.system


def measure_playing(arguments: tuple[str, ...], seconds: float) -> dict[str, float]:
    """The figures of one play, and of the stepping and the silence after it."""
    with App(arguments) as app:
        paint, paint_cpu, lanes = app.wait_until_open()
        app.rest(2)
        app.press("+ ")
        app.rest(1)
        first, cpu, begin = len(app.writes), app.cpu_time(), time.perf_counter()
        app.rest(seconds)
        lasted, cpu = time.perf_counter() - begin, app.cpu_time() - cpu
        played = app.writes[first:]
        app.press(" ")
        app.rest(1.5)
        keys = [key_to_paint(app) for _ in range(int(seconds * 5))]
        app.rest(1.5)
        idle = len(app.rest(2)) / 2
        cuts = quantiles(keys, n=20)
        return {
            "bytes": sum(len(data) for _, data in played) / lasted / 1e3,
            "zlib": compressed_size(played) / lasted / 1e3,
            "cpu": cpu / lasted * 100,
            "frames": frames(played) / lasted,
            "paint": paint * 1e3,
            "paint_cpu": paint_cpu * 1e3,
            "lanes": lanes * 1e3,
            "p50": cuts[9] * 1e3,
            "p95": cuts[18] * 1e3,
            "memory": app.process.memory_info().rss / 1e6,
            "idle": idle,
        }


def key_to_paint(app: App) -> float:
    """Seconds from a step until its picture begins to come."""
    begin = time.perf_counter()
    app.press("\x1b[C")
    app.read(begin + 2, bool)
    answered = time.perf_counter() - begin
    app.rest(0.12)
    return answered


def compressed_size(writes: list[tuple[float, bytes]]) -> int:
    """The bytes of a stream that is flushed after every write."""
    stream = zlib.compressobj(6)
    return sum(len(stream.compress(d)) + len(stream.flush(zlib.Z_SYNC_FLUSH)) for _, d in writes)


def frames(writes: list[tuple[float, bytes]]) -> int:
    """How often something came after a silence."""
    times = [at for at, _ in writes]
    return sum(b - a > _FRAME_GAP for a, b in pairwise(times)) + 1


def measure_slow_reading(arguments: tuple[str, ...], seconds: float) -> dict[str, float]:
    """How far the picture is behind the clock, and how late a key is seen in it."""
    with App(arguments) as app:
        reader = SlowReader(app)
        reader.read_until(lambda: "CONTINUOUS" in "".join(reader.screen.display))
        reader.read_for(2)
        app.press("+ ")
        begin, behind = time.perf_counter(), []
        while (now := time.perf_counter()) < begin + seconds:
            reader.read_for(0.02)
            clock = _CLOCK.search(reader.screen.display[0])
            behind.append(now - begin - float(clock[1]) if clock else 0.0)
        app.press(" ")
        pressed = time.perf_counter()
        reader.read_until(lambda: "PAUSED" in reader.screen.display[0])
        late = time.perf_counter() - pressed
    return {"lag": median(behind) * 1e3, "slow_key": late * 1e3}


class SlowReader:
    """A terminal that takes few bytes a second, and what is seen on it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.ready_at = time.perf_counter()

    def read_for(self, seconds: float) -> None:
        """Read for a while."""
        until = time.perf_counter() + seconds
        self.read_until(lambda: time.perf_counter() > until)

    def read_until(self, done: Callable[[], bool]) -> None:
        """Read until something is seen."""
        while not done():
            time.sleep(max(0.0, min(0.02, self.ready_at - time.perf_counter())))
            now = time.perf_counter()
            if now >= self.ready_at and select.select([self.app.ours], [], [], 0.01)[0]:
                data = os.read(self.app.ours, 512)
                self.ready_at = now + len(data) / SLOW_BYTES_A_SECOND
                self.stream.feed(_NOT_FOR_PYTE.sub(b"", data))


def best(tries: list[dict[str, float]]) -> dict[str, float]:
    """The lowest of every figure, but for frames: whatever else runs only makes them worse."""
    return {
        name: (max if name == "frames" else min)(one[name] for one in tries) for name in tries[0]
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one short try of each")
    tries, seconds = (1, 3.0) if parser.parse_args().quick else (5, 6.0)
    with compiled():
        local, low = (measure(options, tries, seconds) for options in ((), ("--low-bandwidth",)))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{python}, textual {version('textual')}, {platform.machine()}, ", end="")
    print(f"{os.cpu_count()} processors, load {load}, best of {tries}")
    print(f"\n{'':38}local   (budget)   low bandwidth   (budget)")
    for name, budget in BUDGETS.items():
        row = f"{f'{budget.name}, {budget.unit}':36}{local[name]:7.{budget.digits}f}   "
        row += f"({allowed(budget.local):>6})   {low[name]:13.{budget.digits}f}   "
        print(row + f"({allowed(budget.low):>6})")


@contextmanager
def compiled() -> Iterator[None]:
    """Let programs that are started meanwhile find their modules compiled, whatever Python is told.

    To compile them takes a third of a second, and nobody who has installed them waits for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        before = dict(os.environ)
        os.environ.pop(_WITHOUT_BYTECODE, None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        try:
            with App(()) as app:
                app.wait_until_open()
                app.rest(2)
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def measure(arguments: tuple[str, ...], tries: int, seconds: float) -> dict[str, float]:
    """All figures, each the best of so many tries."""
    return best([measure_playing(arguments, seconds) for _ in range(tries)]) | best(
        [measure_slow_reading(arguments, seconds) for _ in range(tries)]
    )


def allowed(most: float) -> str:
    """A budget as it is printed."""
    return "none" if most == float("inf") else f"{most:g}"


if __name__ == "__main__":
    main()
