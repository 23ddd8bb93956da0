"""Load, frontier and batch size in the app: what runs when, and what is seen meanwhile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from stage import Stage, crowd, on_stage

from tui_batching import executors
from tui_batching.analysis.sweeps import Plan, Sweep
from tui_batching.executors import CountDone
from tui_batching.tui import sweeper
from tui_batching.tui.sweeper import Sweeper


class Slow(Executor):
    """Does a task only when it is told to."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.stopped = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append((future, partial(fn, *args, **kwargs)))
        return future

    def executor_for(self, requests_served: int) -> Executor:
        return self

    def stop(self) -> None:
        self.stopped += 1
        for future, _ in self.tasks:
            if future.cancel():
                future.set_running_or_notify_cancel()  # nobody waits for it any more

    @property
    def waiting(self) -> list[tuple[Future[Any], Callable[[], Any]]]:
        """What is still to be done."""
        return [(future, work) for future, work in self.tasks if not future.done()]

    def work(self, count: int = 1000) -> None:
        """Do so many tasks."""
        for future, task in self.waiting[:count]:
            future.set_running_or_notify_cancel()
            future.set_result(task())


def sweeper_of(stage: Stage) -> Sweeper:
    return stage.live.sweeper


def slow_down(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Let the stage sweep at the test's pace, and show at once how far it is."""
    monkeypatch.setattr(sweeper, "SLOW_SECONDS", 0.05)
    slow = Slow()
    sweeper_of(stage).processes = slow
    return slow


async def until_asked(stage: Stage, slow: Slow, count: int) -> None:
    """Wait until so many tasks are waiting."""
    await stage.until(lambda: len(slow.waiting) == count)


async def finish(stage: Stage, slow: Slow) -> None:
    """Do all tasks of the sweep, those that the first ones call for as well."""

    def finished() -> bool:
        slow.work()
        return not any(one.group == "sweep" and one.is_running for one in stage.app.workers)

    await stage.until(finished)
    await stage.swept()


@asynccontextmanager
async def load_view(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, Slow]]:
    """The load view, with the first eight tasks of its sweep still to be done."""
    async with on_stage("notebook-load", (120, 36)) as stage:
        slow = slow_down(stage, monkeypatch)
        await stage.press("6")
        await until_asked(stage, slow, 8)
        yield stage, slow


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_the_three_views_show_their_pictures(size: tuple[int, int]) -> None:
    async with on_stage("notebook-load", size) as stage:
        for key, words in (
            ("6", ("how latency takes off", "p99 TTFT (SLO 2.00 s)", "┊", "now")),
            ("7", ("ideal: fast and much", "numbers: requests per second", "12.5")),
            ("8", ("what more slots bring", "p99 TTFT (SLO 2.00 s)", "now")),
        ):
            await stage.press(key)
            await stage.swept()
            assert all(word in stage.seen() for word in words), stage.seen()


async def test_nothing_is_swept_before_a_view_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage() as stage:
        slow = slow_down(stage, monkeypatch)
        await stage.press("greater_than_sign", "right_square_bracket", "2", "1", "n")
        assert slow.tasks == []
        await stage.press("8")
        await until_asked(stage, slow, 5)


async def test_the_present_load_and_batch_size_move_along_curves_that_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with load_view(monkeypatch) as (stage, slow):
        await finish(stage, slow)
        assert "now 3.33/s" in stage.seen()
        await stage.press("greater_than_sign")
        await stage.drawn()
        assert "now 4.17/s" in stage.seen()
        await stage.press("less_than_sign", "less_than_sign")
        await stage.drawn()
        assert "now 2.67/s" in stage.seen()
        assert len(slow.tasks) == 11
        await stage.press("8")
        await until_asked(stage, slow, 5)
        await finish(stage, slow)
        assert "now" in stage.seen()
        await stage.press("right_square_bracket", "right_square_bracket")
        await stage.drawn()
        assert len(slow.tasks) == 16


async def test_the_frontier_shows_the_sweep_of_loads_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with load_view(monkeypatch) as (stage, slow):
        await stage.press("7")  # it goes on
        assert len(slow.waiting) == 8
        await finish(stage, slow)
        assert "ideal: fast and much" in stage.seen()
        await stage.press("6", "7")
        assert len(slow.tasks) == 11


async def test_measure_turns_to_latency_and_to_the_tokens() -> None:
    async with on_stage("notebook-load", (160, 45)) as stage:
        await stage.press("6")
        await stage.swept()
        seen: list[list[str]] = []
        for _ in range(4):
            titles = ("within the limits", "mean latency", "p99 TTFT", "mean TPOT", "throughput")
            seen.append([title for title in titles if title in stage.seen()])
            await stage.press("m")
            await stage.drawn()
        assert seen[0] == seen[3] == ["within the limits", "p99 TTFT", "throughput"]
        assert seen[1:3] == [
            ["mean latency", "p99 TTFT", "throughput"],
            ["mean TPOT", "throughput"],
        ]


async def test_while_a_sweep_is_under_way_its_progress_and_the_old_picture_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with load_view(monkeypatch) as (stage, slow):
        await stage.until(lambda: "sweeping" in stage.seen())
        assert "being served at each value" in stage.seen()
        slow.work(2)
        await stage.until(lambda: "18%" in stage.seen())
        assert "s left" in stage.seen()
        await finish(stage, slow)
        before = stage.seen()
        assert "batch 4" in before
        await stage.press("right_square_bracket")
        await until_asked(stage, slow, 8)
        await stage.until(lambda: "renewing" in stage.seen())
        assert "as it was before the change" in stage.seen()
        assert stage.rows()[4:-3] == before.split("\n")[4:-3]  # the picture is that of before
        await stage.press("space", "right", "question_mark", "escape")  # keys act
        await finish(stage, slow)
        assert "renewing" not in stage.seen()
        assert "batch 4" not in stage.seen()
        await stage.press("left_square_bracket")
        await stage.drawn()
        assert "batch 4" in stage.seen()  # it is remembered
        assert len(slow.tasks) == 22


async def test_the_next_change_cancels_what_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with load_view(monkeypatch) as (stage, slow):
        first = [future for future, _ in slow.tasks]
        slow.work(3)
        await stage.press("right_curly_bracket")
        await stage.until(lambda: len(slow.tasks) == 16)
        assert [future.cancelled() for future in first] == [False] * 3 + [True] * 5
        await stage.press("1", "n")  # in a view without a sweep as well
        await stage.until(lambda: not slow.waiting)
        assert all(future.cancelled() for future, _ in slow.tasks[8:])


async def test_another_workload_does_not_show_the_picture_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with on_stage("notebook-load", (120, 36)) as stage:
        await stage.press("6")
        await stage.swept()
        slow = slow_down(stage, monkeypatch)
        await stage.press("w")
        await stage.pilot.press("down", "enter")
        await until_asked(stage, slow, 8)
        await stage.until(lambda: "being served at each value" in stage.seen())
        assert "S static" not in stage.seen()


async def test_what_cannot_be_swept_is_said_in_the_view() -> None:
    async with on_stage("summarize-burst", (120, 36)) as stage:
        await stage.press("6")
        await stage.swept()
        assert "all requests of summarize-burst arrive at once, so there is no load" in stage.seen()
        await stage.press("8")
        await stage.swept()
        assert "by batch size" in stage.seen()


async def test_processes_that_were_ended_are_told_and_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with load_view(monkeypatch) as (stage, slow):
        for future, _ in slow.waiting:
            future.set_exception(BrokenProcessPool("gone"))
        await stage.swept()
        assert "a process was ended from outside" in stage.seen()
        assert slow.stopped == 1


async def test_the_processes_are_ended_with_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    async with load_view(monkeypatch) as (_, slow):
        assert slow.stopped == 0
    assert slow.stopped == 1
    assert all(future.cancelled() for future, _ in slow.tasks)


async def test_a_sweep_in_this_process_shows_its_progress_and_is_cancelled_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[BaseException] = []

    def endless(plan: Plan, executor: None, progress: CountDone) -> Sweep:
        try:
            while True:
                time.sleep(0.01)
                progress(4, 8)
        except BaseException as end:
            ended.append(end)
            raise

    monkeypatch.setattr(sweeper, "run_sweep", endless)
    monkeypatch.setattr(sweeper, "SLOW_SECONDS", 0.05)
    async with on_stage("notebook-load", (120, 36)) as stage:
        await stage.press("6")
        await stage.until(lambda: "50%" in stage.seen())
        await stage.press("1", "n")
        await stage.until(lambda: len(ended) == 1)


async def test_real_processes_sweep_for_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "SMALL", 0)
    async with on_stage("notebook-load", (120, 36)) as stage:
        await stage.press("6")
        await stage.until(lambda: "saturated at" in stage.seen())


async def test_it_holds_for_odd_workloads_and_sizes() -> None:
    async with on_stage(crowd(1, 1), (60, 20)) as stage:
        for key in ("6", "7", "8"):
            await stage.press(key)
            await stage.swept()
            await stage.pilot.resize_terminal(61, 21)
            await stage.drawn()
