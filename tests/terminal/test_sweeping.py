"""A long sweep in a real terminal: keys act meanwhile, and no process outlives the app."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminals import Terminal
from waiting import eventually

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="children are found in /proc"
)


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def wait_until_gone(processes: list[int]) -> None:
    left = [Path(f"/proc/{process}") for process in processes]
    assert eventually(lambda: not any(process.exists() for process in left)), (
        f"{processes} are left"
    )


@pytest.fixture
def sweeping() -> Iterator[Terminal]:
    """The app in the midst of a sweep that takes its processes several seconds."""
    terminal = Terminal(["play", "chat", "--set", "workload.count=80000"])
    terminal.wait_until_open()
    terminal.program.send("6")
    terminal.wait_for(lambda text: "sweeping" in text)
    yield terminal
    terminal.close()


def test_keys_act_while_it_sweeps_and_quitting_leaves_no_process(sweeping: Terminal) -> None:
    started = children(sweeping.program.pid)
    assert len(started) >= 2  # a process that sweeps, and Python's own that cleans up after it
    sweeping.program.send("2")
    sweeping.wait_for(lambda text: "sweeping" not in text and "row = slot" in text)
    sweeping.program.send("6")
    sweeping.wait_for(lambda text: "how latency takes off" in text or "sweeping" in text)
    sweeping.program.send("q")
    assert sweeping.wait_for_end() == 0
    assert b"Traceback" not in sweeping.written
    assert sweeping.unrestored() == []
    wait_until_gone(started)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_no_process_outlives_an_app_that_is_killed(
    sweeping: Terminal, number: signal.Signals
) -> None:
    started = children(sweeping.program.pid)
    sweeping.program.kill(number)
    assert sweeping.wait_for_end() == 128 + number
    wait_until_gone(started)
