"""Every key on the live view, tried and read from the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from stage import (
    MS,
    NOTEBOOK_TITLES,
    Stage,
    as_shown,
    boundary_from,
    lane_title,
    on_stage,
    scene_of,
)
from tour import COUNT

from tui_batching.clock import SECOND
from tui_batching.tui.bindings import KEYS, Key
from tui_batching.tui.dialogs import HelpScreen, PickCost, PickExport, PickWorkload
from tui_batching.tui.glossary_screen import GlossaryScreen
from tui_batching.tui.go_to import GoTo
from tui_batching.tui.lane import Lane
from tui_batching.tui.views import VIEWS, View
from tui_batching.workload import load_workload

NOTEBOOK = scene_of(load_workload("notebook"))
START = 3 * SECOND
"""Where each key is tried: a boundary of no lane, with requests in all of them."""
Check = Callable[[Stage], Awaitable[None]]


def moves_to(time: int) -> Check:
    async def check(stage: Stage) -> None:
        assert stage.clock == as_shown(time)
        assert "PAUSED" in stage.rows()[0]

    return check


def titles_become(*titles: str) -> Check:
    async def check(stage: Stage) -> None:
        assert stage.titles == list(titles)
        assert stage.clock == START

    return check


def title_bar_says(*words: str) -> Check:
    async def check(stage: Stage) -> None:
        for word in words:
            assert word in stage.rows()[0]

    return check


def says(*notices: str) -> Check:
    async def check(stage: Stage) -> None:
        assert stage.notices == list(notices)

    return check


async def plays(stage: Stage) -> None:
    assert "▶" in stage.rows()[0]
    stage.wall.now += 1
    await stage.until(lambda: stage.clock == START + SECOND // 2)


async def plays_from_zero(stage: Stage) -> None:
    assert "▶" in stage.rows()[0]
    assert stage.clock == 0


async def opens_help(stage: Stage) -> None:
    assert isinstance(stage.app.screen, HelpScreen)


async def opens_the_glossary(stage: Stage) -> None:
    assert isinstance(stage.app.screen, GlossaryScreen)


async def opens_the_picker(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickWorkload)


async def opens_the_costs(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickCost)


async def opens_the_exports(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickExport)


async def opens_the_prompt(stage: Stage) -> None:
    assert isinstance(stage.app.screen, GoTo)


async def begins_the_tour(stage: Stage) -> None:
    assert "Why does an answer come late, or slowly, or pause in the middle?" in stage.seen()
    assert f"1/{COUNT}" in stage.seen()


async def leaves(stage: Stage) -> None:
    await stage.pilot.pause()
    assert not stage.app.is_running or stage.app._exit
    assert stage.app.return_code == 0


async def tells_that_there_is_no_shell(stage: Stage) -> None:
    assert stage.notices == ["there is no shell to go back to here"]


def focuses(strategy: str) -> Check:
    async def check(stage: Stage) -> None:
        assert isinstance(stage.live.focused, Lane)
        assert lane_title(stage.live.focused).startswith(strategy.upper())
        assert f"━ {{{strategy.upper()}}} " in stage.seen()

    return check


def selects(name: str) -> Check:
    async def check(stage: Stage) -> None:
        assert stage.tells_of == [name] * 3

    return check


async def tells_why(stage: Stage) -> None:
    assert stage.tells_who_waits


async def wears_another_theme(stage: Stage) -> None:
    assert stage.app.theme != "dark"


def sees(view: type[View]) -> Check:
    async def check(stage: Stage) -> None:
        assert isinstance(stage.live.view, view)
        assert stage.live.view.region.area > 0
        assert f"{view.key} {view.title[0]}" in stage.rows()[1]

    return check


WORST = (
    "worst TTFT 1 of 20, 5.22 s with static: "
    "R16 waits 5.00 s: R12–R15 end together, in 1 token; R12, R14, R15 held"
)
BEST = (
    "worst TTFT 20 of 20, 446 ms with dynamic: "
    "R3 waits 221 ms, 1 before it; R2 waits 605 ms: R0–R1 end together, in 1 token; R0 held"
)
EFFECTS: dict[str, Check] = {
    "play": plays,
    "step-back": moves_to(boundary_from(NOTEBOOK, START, -1)),
    "step": moves_to(boundary_from(NOTEBOOK, START, 1)),
    "leap-back": moves_to(boundary_from(NOTEBOOK, START, -10)),
    "leap": moves_to(boundary_from(NOTEBOOK, START, 10)),
    "tick-back": moves_to(START - 10 * MS),
    "tick": moves_to(START + 10 * MS),
    "home": moves_to(0),
    "end": moves_to(NOTEBOOK.end),
    "restart": plays_from_zero,
    "slower": title_bar_says("0.25x"),
    "faster": title_bar_says(" 1x"),
    "batch-smaller": titles_become(
        "STATIC batch 3", "DYNAMIC batch 3 · 500 ms", "CONTINUOUS batch 3"
    ),
    "batch-larger": titles_become(
        "STATIC batch 5", "DYNAMIC batch 5 · 500 ms", "CONTINUOUS batch 5"
    ),
    "timeout-shorter": titles_become(
        NOTEBOOK_TITLES[0], "DYNAMIC batch 4 · 200 ms", NOTEBOOK_TITLES[2]
    ),
    "timeout-longer": titles_become(
        NOTEBOOK_TITLES[0], "DYNAMIC batch 4 · 1.00 s", NOTEBOOK_TITLES[2]
    ),
    "budget-smaller": says("static, dynamic and continuous have no token budget"),
    "budget-larger": says("static, dynamic and continuous have no token budget"),
    "prefix-cache": says("static, dynamic and continuous have no prefix cache"),
    "load-lower": title_bar_says("2.67/s", "t 3.000"),
    "load-higher": title_bar_says("4.17/s", "t 3.000"),
    "new-seed": title_bar_says("seed 43", "t 3.000"),
    "workload": opens_the_picker,
    "cost": opens_the_costs,
    "export": opens_the_exports,
    "tour": begins_the_tour,
    "tour-begin": begins_the_tour,
    "focus-lane": focuses("static"),
    "focus-lane-back": focuses("continuous"),
    "select-next": selects("R0"),
    "select-previous": selects("R19"),
    "worst-next": says(WORST),
    "worst-previous": says(BEST),
    "worst-by": says("the worst are those with the longest TPOT"),
    "go-to": opens_the_prompt,
    "unselect": tells_why,
    "theme": wears_another_theme,
    "help": opens_help,
    "glossary": opens_the_glossary,
    "quit": leaves,
    "suspend": tells_that_there_is_no_shell,
    **{f"view-{view.named()}": sees(view) for view in VIEWS},
}
OF_SOME_VIEWS = {
    "zoom-in", "zoom-out", "pan-back", "pan", "quantity", "bars", "scroll-up", "scroll-down",
}  # fmt: skip
"""Keys that only some views know, or some lanes; they are tried with those."""
OF_THE_PALETTE = {key.id for key in KEYS if not key.keys}
"""What no key is bound to; see `test_stage_engine_knobs`."""
OF_TALKS = {"page-back", "page", "black", "chapters", "notes"}
"""Keys that are tried where the tour is."""


LEAVE_NOTHING = {
    "step-back", "step", "leap-back", "leap", "tick-back", "tick", "home", "end",
    "workload", "cost", "export", "go-to", "help", "glossary",
    "focus-lane", "focus-lane-back", "select-next", "select-previous", "unselect",
    *(key.id for key in KEYS if key.id.startswith("view-")),
}  # fmt: skip
"""After these, closing the dialog, unselecting and seeking lead back to where they were tried."""
TRIED = [key for key in KEYS if key.id not in OF_SOME_VIEWS | OF_TALKS | OF_THE_PALETTE]


async def tried(stage: Stage, key: Key, name: str) -> None:
    await stage.pilot.press(name)
    if key.id != "quit":
        await stage.settled()
    await EFFECTS[key.id](stage)


@pytest.mark.parametrize("key", [k for k in TRIED if k.id not in LEAVE_NOTHING], ids=lambda k: k.id)
async def test_every_key_does_what_its_help_says(key: Key) -> None:
    for name in key.keys.split(","):
        async with on_stage() as stage:
            await stage.seek(START)
            await tried(stage, key, name)


async def test_every_key_that_leaves_nothing_behind_does_what_its_help_says() -> None:
    async with on_stage() as stage:
        await stage.seek(START)
        before = stage.live.snapshot
        for key in [key for key in TRIED if key.id in LEAVE_NOTHING]:
            for name in key.keys.split(","):
                try:
                    await tried(stage, key, name)
                except AssertionError as error:
                    error.add_note(f"after {name}, the key of {key.id}")
                    raise
                await stage.press("escape", "1")
                await stage.seek(START)
                assert (stage.app.screen, stage.live.focused) == (stage.live, None), name
                assert stage.live.snapshot == before, name


async def test_unselect_takes_selection_and_focus_away() -> None:
    async with on_stage() as stage:
        await stage.press("down", "tab")
        assert stage.live.selected == 0
        assert stage.live.focused is not None
        await stage.press("escape")
        assert (stage.live.selected, stage.live.focused) == (None, None)
        await tells_why(stage)


async def test_tab_goes_through_the_lanes_and_then_to_none() -> None:
    async with on_stage() as stage:
        found = []
        for _ in range(5):
            await stage.press("tab")
            found.append(stage.live.focused and lane_title(stage.live.focused).split(" ")[0])
        assert found == ["STATIC", "DYNAMIC", "CONTINUOUS", None, "STATIC"]


async def test_keys_of_other_views_are_not_offered() -> None:
    async with on_stage(size=(160, 32)) as stage:
        assert "zoom" not in stage.rows()[-1]
        await stage.press("z", "d", "m")
        assert stage.clock == 0
