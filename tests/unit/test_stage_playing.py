"""The playhead on stage: it follows the wall clock and the mouse, and waits for no simulation."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from threading import enumerate as all_threads

import pytest
from stage import MS, Stage, as_shown, boundaries, hand_made, on_stage
from textual.events import MouseMove
from waiting import PATIENCE_SECONDS, eventually

from tui_batching.clock import SECOND
from tui_batching.sim.moment import Moment
from tui_batching.strategies import Continuous
from tui_batching.tui import panes, simulator
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.timeline import Timeline


async def test_playing_follows_the_wall_and_not_the_frames() -> None:
    async with on_stage() as stage:
        await stage.press("space")
        stage.wall.now += 0.25
        await stage.until(lambda: stage.clock == 125 * MS)
        stage.wall.now += 3.5
        await stage.until(lambda: stage.clock == 1875 * MS)
        await stage.press("plus", "plus")
        stage.wall.now += 1
        await stage.until(lambda: stage.clock == 3875 * MS)
        stage.wall.now += 1000
        await stage.until(lambda: stage.clock == as_shown(stage.scene.end))
        assert "PAUSED" in stage.rows()[0]


async def test_the_mouse_drags_the_playhead_along_the_timeline() -> None:
    async with on_stage() as stage:
        line, pilot = stage.live.query_one(Timeline), stage.pilot
        cells = line.content_size.width - 2

        async def move_to(cell: int, button: int) -> None:
            where = {"widget": Timeline, "offset": (1 + cell, 0), "button": button}
            await pilot._post_mouse_events([MouseMove], **where)
            await pilot.pause()

        def playhead() -> int:
            return stage.rows()[line.region.y].index("┃") - 1

        await pilot.mouse_down(Timeline, offset=(1 + cells // 4, 0))
        await pilot.pause()
        assert playhead() == cells // 4
        assert stage.clock == pytest.approx(stage.scene.end / 4, rel=0.05)
        for cell in (cells // 4 + 1, cells // 2, 7, cells - 1):
            await move_to(cell, button=1)
            assert playhead() == cell
        assert stage.clock == as_shown(stage.scene.end)
        await pilot.mouse_up(Timeline, offset=(cells, 0))
        await move_to(3, button=0)
        assert playhead() == cells - 1


async def test_one_lane_and_one_request_play_from_end_to_end() -> None:
    async with on_stage(hand_made((0, 5, 2), strategies=[Continuous(1)])) as stage:
        assert stage.titles == ["CONTINUOUS batch 1"]
        clocks = []
        for _ in range(4):
            await stage.press("right")
            clocks.append(stage.clock // MS)
        assert clocks == [5, 15, 25, 25]
        await stage.press("down", "tab", "n", "left_square_bracket", "home", "space")
        assert "1 request" in stage.rows()[0]


async def test_a_slow_simulation_shows_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    go, build = Event(), simulator.build_scene
    monkeypatch.setattr(simulator, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(
        simulator, "build_scene", lambda *given: go.wait(PATIENCE_SECONDS) and build(*given)
    )
    go.set()
    async with on_stage(hand_made((0, 5, 2))) as stage:
        progress = stage.live.query_one("#simulation")
        assert not progress.display
        go.clear()
        await stage.pilot.press("right_square_bracket")
        await stage.until(lambda: progress.display)
        await stage.pilot.press("right")  # no key waits for it
        await stage.until(lambda: stage.clock == 5 * MS)
        go.set()
        await stage.settled()
        assert not progress.display
        assert stage.titles[0] == "STATIC batch 3"


def after(go: Event, build: Callable) -> Callable:
    """The same, as soon as it may go on."""

    def built(*arguments: object) -> object:
        assert go.wait(PATIENCE_SECONDS)
        return build(*arguments)

    return built


@pytest.mark.parametrize("keys", [["right_square_bracket"], ["end"], ["greater_than_sign", "t"]])
async def test_quitting_while_something_is_computed_is_clean(
    keys: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    go = Event()
    go.set()
    monkeypatch.setattr(simulator, "build_scene", after(go, simulator.build_scene))
    monkeypatch.setattr(panes, "draw", after(go, panes.draw))
    app = BatchingApp(hand_made((0, 5, 2), (9, 5, 2)))
    async with app.run_test(size=(160, 45)) as pilot:
        while live_scene(app) is None:
            await pilot.pause(0.01)
        go.clear()
        await pilot.press(*keys)
        await pilot.press("q")
    assert app.return_code == 0
    go.set()
    assert eventually(lambda: not any(thread.name == "aside" for thread in all_threads()))
    assert "Traceback" not in "".join(capsys.readouterr())


def live_scene(app: BatchingApp) -> object:
    return getattr(app.screen, "scene", None)


async def test_a_focused_lane_is_stepped_alone() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "tab", "tab")
        continuous = stage.scene.runs[2]
        stops = boundaries(continuous)
        seen = []
        for _ in range(12):
            await stage.press("right")
            seen.append(stage.live._player.time)
        first = stops.index(seen[0])
        assert seen == stops[first : first + 12]
        await stage.press("left", "left")
        assert stage.live._player.time == seen[9]


@pytest.mark.parametrize("name", ["chat", "code-completion", "notebook"])
async def test_newcomers_are_told_what_they_can_do_for_eight_seconds_whatever_is_answered(
    name: str,
) -> None:
    async with on_stage(name, (120, 36)) as stage:
        eight = 8 * stage.live.frame.speed * SECOND
        assert any(moment.done for moment in moments_at(stage, 0.9 * eight))
        for time, told in ((0, True), (0.99 * eight, True), (1.01 * eight, False)):
            await stage.seek(round(time))
            assert ("new here?" in stage.seen()) is told
            assert "THE RACE" in stage.seen(), "the first answers are seen beside it"
            assert "makes tokens" in stage.seen(), "and so is what the signs mean"


def moments_at(stage: Stage, time: float) -> list[Moment]:
    return [run.at(round(time)) for run in stage.scene.runs]


@pytest.mark.parametrize("keys", [("question_mark", "escape"), ("p", "p")], ids=["help", "tour"])
async def test_who_has_looked_at_the_help_or_the_tour_is_no_newcomer(keys: tuple[str, str]) -> None:
    async with on_stage(size=(120, 36)) as stage:
        assert "new here?" in stage.seen()
        for key in keys:
            await stage.press(key)
            await stage.until(lambda: "new here?" not in stage.seen())
        await stage.until(lambda: "THE RACE" in stage.seen())
        assert "new here?" not in stage.seen()
        assert "makes tokens" in stage.seen()
