"""What is said beside the views covers nothing that matters, and is seen one thing at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle

import pytest
from stage import EAGER, FakeWall, Stage
from textual.widgets._toast import Toast

from tui_batching.clock import SECOND
from tui_batching.config import Config
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.views import VIEWS
from tui_batching.workload import Workload, load_workload, parse_workload

WARNED = """\
name: warned
description: Contexts, batches, tokens and memory, all beyond what the profile knows.
requests:
  generate:
    count: 300
    seed: 7
    arrivals: {poisson: {rate: 40}}
    input_tokens: {lognormal: {mean: 5000, sigma: 0.7, min: 10, max: 50000}}
    output_tokens: {lognormal: {mean: 500, sigma: 0.8, max: 2000}}
cost: h100-llama-3-8b
strategies: {static: {batch_size: 300}, continuous: {batch_size: 300}, vllm: {}}
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be late to look."""
    monkeypatch.setattr("tui_batching.tui.notices.LONG_SECONDS", 3600.0)


SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)


@asynccontextmanager
async def told(workload: Workload, size: tuple[int, int]) -> AsyncIterator[Stage]:
    """The app on a workload, with what it says on screen."""
    wall = FakeWall()
    app = BatchingApp(workload, Config(theme="dark"), wall=wall, drawing=EAGER)
    app.NOTIFICATION_TIMEOUT = 3600
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, wall)
        await stage.settled()
        yield stage


def toasts(stage: Stage) -> list[Toast]:
    """Those that are seen."""
    return [toast for toast in stage.app.screen.query(Toast) if toast.region.area]


async def test_warnings_cover_no_row_of_a_view() -> None:
    async with told(parse_workload(WARNED, "warned.yaml"), (120, 36)) as stage:
        await stage.seek(5 * SECOND)
        assert len(stage.notices) == 5
        for view, size in zip(VIEWS, cycle([(80, 24), (120, 36), (160, 45)]), strict=False):
            await stage.pilot.resize_terminal(*size)
            await stage.press(view.key)
            await stage.until(lambda: len(toasts(stage)) == 1)
            (toast,) = toasts(stage)
            assert toast.region.y >= stage.live.view.region.bottom
            shown = " ".join(row.strip("┃█▐ ") for row in stage.rows()[toast.region.y :])
            assert " ".join(shown.split()) == stage.notices[0]


@SIZES
async def test_the_lines_that_explain_are_whole_while_something_is_said(
    size: tuple[int, int],
) -> None:
    async with told(parse_workload(WARNED, "warned.yaml"), size) as stage:
        await stage.seek(5 * SECOND)
        await stage.until(lambda: len(toasts(stage)) == 1)
        rows = [row.rstrip() for row in stage.rows()]
        for line in stage.shown("#why"):
            assert line.rstrip() in rows


async def test_a_key_is_answered_at_once_and_what_was_said_before_comes_back() -> None:
    async with told(parse_workload(WARNED, "warned.yaml"), (120, 36)) as stage:
        first = stage.notices[0]
        await stage.press("left_curly_bracket")
        await stage.until(lambda: "only dynamic batching has a timeout" in stage.rows()[-1])
        await stage.press("e", "e")
        await stage.until(lambda: "worst TTFT 2 of 300" in stage.rows()[-1])
        assert len(stage.notices) == 6
        await stage.pilot.click(toasts(stage)[0])
        await stage.until(lambda: stage.notices[0] == first and len(toasts(stage)) == 1)
        assert first[:20] in stage.seen()


async def test_the_prompt_is_seen_below_what_is_said() -> None:
    async with told(parse_workload(WARNED, "warned.yaml"), (80, 24)) as stage:
        await stage.press("slash")
        await stage.opened()
        await stage.until(lambda: len(toasts(stage)) == 1)
        assert "go to R17, 12.5s or step 300" in stage.rows()[-1]
        assert toasts(stage)[0].region.bottom == 23


async def test_why_there_is_no_such_place_is_seen_before_what_was_said_before() -> None:
    async with told(parse_workload(WARNED, "warned.yaml"), (80, 24)) as stage:
        await stage.press("e", "slash", *"R999", "enter")
        await stage.until(lambda: "found no R999" in "".join(stage.rows()[-4:-1]))
        await stage.press("escape")
        await stage.until(lambda: "found no R999" not in stage.seen())
        await stage.until(lambda: "worst TTFT 1 of 300" in stage.seen())


async def test_one_thing_follows_the_other_when_its_time_is_over() -> None:
    async with told(load_workload("notebook"), (120, 36)) as stage:
        for sentence, seconds in (("later", 3600.0), ("first", 0.5)):
            stage.app.notify(sentence, timeout=seconds)
        await stage.until(lambda: "later" in stage.rows()[-1])
        assert stage.notices == ["later"]
