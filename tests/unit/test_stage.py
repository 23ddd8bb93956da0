"""The stage with the live view, driven by its keys and the mouse, and read from the screen."""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event

import pytest
from stage import MS, Stage, boundaries, crowd, hand_made, on_stage, scene_of
from textual.events import MouseMove
from textual.widgets import Input, OptionList

from tui_batching.charts.rows import short
from tui_batching.clock import SECOND
from tui_batching.strategy import Continuous, Static
from tui_batching.tui import chart_pane, simulation
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.bindings import KEYS, Key
from tui_batching.tui.lane import Lane
from tui_batching.tui.screens.help import HelpScreen
from tui_batching.tui.screens.pick_cost import PickCost
from tui_batching.tui.screens.pick_export import PickExport
from tui_batching.tui.screens.pick_workload import PickWorkload
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.views import VIEWS, View
from tui_batching.workload import bundled_workloads, load_workload

NOTEBOOK = scene_of(load_workload("notebook"))
STOPS = sorted({instant for run in NOTEBOOK.runs for instant in boundaries(run)})
START = 3 * SECOND
"""Where each key is tried: a boundary of no lane, with requests in all of them."""

Check = Callable[[Stage], Awaitable[None]]


def no_later(time: int) -> int:
    """An instant as the title bar writes it."""
    return round(time / MS) * MS


def steps_from(time: int, count: int) -> int:
    """The boundary `count` steps away."""
    here = bisect_right(STOPS, time) if count > 0 else bisect_left(STOPS, time)
    return STOPS[max(0, min(len(STOPS) - 1, here + count - (count > 0)))]


def moves_to(time: int) -> Check:
    async def check(stage: Stage) -> None:
        assert stage.clock == no_later(time)
        assert "paused" in stage.rows()[0]

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


async def plays(stage: Stage) -> None:
    assert "▶" in stage.rows()[0]
    stage.wall.now += 1
    await stage.until(lambda: stage.clock == START + SECOND // 2)


async def plays_from_zero(stage: Stage) -> None:
    assert "▶" in stage.rows()[0]
    assert stage.clock == 0


async def opens_help(stage: Stage) -> None:
    assert isinstance(stage.app.screen, HelpScreen)


async def opens_the_picker(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickWorkload)


async def opens_the_costs(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickCost)


async def opens_the_exports(stage: Stage) -> None:
    assert isinstance(stage.app.screen, PickExport)


async def begins_the_tour(stage: Stage) -> None:
    assert "1/15" in stage.seen()
    assert "Many people ask one GPU" in stage.seen()


async def leaves(stage: Stage) -> None:
    await stage.pilot.pause()
    assert not stage.app.is_running or stage.app._exit
    assert stage.app.return_code == 0


async def tells_that_there_is_no_shell(stage: Stage) -> None:
    assert stage.notices == ["there is no shell to go back to here"]


def focuses(strategy: str) -> Check:
    async def check(stage: Stage) -> None:
        assert isinstance(stage.live.focused, Lane)
        assert stage.live.focused.id == strategy
        assert f"┏━ {strategy.upper()}" in stage.seen()

    return check


def selects(name: str) -> Check:
    async def check(stage: Stage) -> None:
        assert [row.split()[1] for row in told_below(stage)] == [name] * 3

    return check


async def tells_why(stage: Stage) -> None:
    assert len(told_below(stage)) == 3
    assert all(re.search("nobody waits|has waited|idle", row) for row in told_below(stage))


async def wears_another_theme(stage: Stage) -> None:
    assert stage.app.theme != "dark"


def sees(view: type[View]) -> Check:
    async def check(stage: Stage) -> None:
        assert isinstance(stage.live.view, view)
        assert stage.live.view.region.area > 0
        assert f"{view.key} {view.title[0]}" in stage.rows()[1]

    return check


async def test_keys_of_other_views_are_not_offered() -> None:
    async with on_stage(size=(160, 32)) as stage:
        assert "zoom" not in stage.rows()[-1]
        await stage.press("z", "d", "m")
        assert stage.clock == 0


def told_below(stage: Stage) -> list[str]:
    """What the pane under the charts says of each lane."""
    return [row for row in stage.rows() if re.match(" (static|dynamic|continuous) ", row)]


SAME = ("STATIC · batch 4", "DYNAMIC · batch 4 · 500ms", "CONTINUOUS · batch 4")

EFFECTS: dict[str, Check] = {
    "play": plays,
    "step-back": moves_to(steps_from(START, -1)),
    "step": moves_to(steps_from(START, 1)),
    "leap-back": moves_to(steps_from(START, -10)),
    "leap": moves_to(steps_from(START, 10)),
    "tick-back": moves_to(START - 10 * MS),
    "tick": moves_to(START + 10 * MS),
    "home": moves_to(0),
    "end": moves_to(NOTEBOOK.end),
    "restart": plays_from_zero,
    "slower": title_bar_says("0.25x"),
    "faster": title_bar_says(" 1x"),
    "batch-smaller": titles_become(
        "STATIC · batch 3", "DYNAMIC · batch 3 · 500ms", "CONTINUOUS · batch 3"
    ),
    "batch-larger": titles_become(
        "STATIC · batch 5", "DYNAMIC · batch 5 · 500ms", "CONTINUOUS · batch 5"
    ),
    "timeout-shorter": titles_become(SAME[0], "DYNAMIC · batch 4 · 200ms", SAME[2]),
    "timeout-longer": titles_become(SAME[0], "DYNAMIC · batch 4 · 1.00s", SAME[2]),
    "load-lower": title_bar_says("2.67/s", "t 3.000"),
    "load-higher": title_bar_says("4.17/s", "t 3.000"),
    "new-seed": title_bar_says("seed 43", "t 3.000"),
    "workload": opens_the_picker,
    "cost": opens_the_costs,
    "export": opens_the_exports,
    "tour": begins_the_tour,
    "focus-lane": focuses("static"),
    "focus-lane-back": focuses("continuous"),
    "select-next": selects("R0"),
    "select-previous": selects("R19"),
    "unselect": tells_why,
    "theme": wears_another_theme,
    "help": opens_help,
    "quit": leaves,
    "suspend": tells_that_there_is_no_shell,
    **{f"view-{view.key}": sees(view) for view in VIEWS},
}
OF_SOME_VIEWS = {"zoom-in", "zoom-out", "pan-back", "pan", "quantity", "scroll-up", "scroll-down"}
"""Keys that only some views know; they are tried with those views."""
OF_TALKS = {"page-back", "page", "black"}
"""Keys that are tried where the tour is."""


@pytest.mark.parametrize(
    "key", [k for k in KEYS if k.id not in OF_SOME_VIEWS | OF_TALKS], ids=lambda k: k.id
)
async def test_every_key_does_what_its_help_says(key: Key) -> None:
    for name in key.keys.split(","):
        async with on_stage() as stage:
            await stage.seek(START)
            await stage.pilot.press(name)
            if key.id != "quit":
                await stage.settled()
            await EFFECTS[key.id](stage)


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
            found.append(stage.live.focused and stage.live.focused.id)
        assert found == ["static", "dynamic", "continuous", None, "static"]


async def test_a_focused_lane_alone_takes_the_parameter_keys() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "tab", "right_square_bracket", "left_curly_bracket")
        assert stage.titles == [SAME[0], "DYNAMIC · batch 5 · 200ms", SAME[2]]
        await stage.press("tab", "right_curly_bracket")
        assert stage.titles[1] == "DYNAMIC · batch 5 · 200ms"
        assert stage.notices == ["only dynamic batching has a timeout"]


async def test_a_parameter_changes_what_is_played_and_keeps_the_other_runs() -> None:
    async with on_stage() as stage:
        before = stage.scene.runs
        await stage.press("tab", "left_square_bracket")
        after = stage.scene.runs
        assert after[0].strategy == Static(3)
        assert after[1] is before[1]
        assert after[2] is before[2]


async def test_a_shorter_play_puts_the_playhead_at_its_end() -> None:
    async with on_stage() as stage:
        await stage.press("end", "right_square_bracket", "right_square_bracket")
        assert stage.scene.end < NOTEBOOK.end
        assert stage.clock == no_later(stage.scene.end)


async def test_keys_in_quick_succession_all_count() -> None:
    async with on_stage() as stage:
        await stage.pilot.press(*["right_square_bracket"] * 4)
        await stage.settled()
        assert stage.titles[0] == "STATIC · batch 8"
        assert stage.scene.runs[0].capacity == 8


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
        await stage.until(lambda: stage.clock == no_later(NOTEBOOK.end))
        assert "paused" in stage.rows()[0]


async def test_resizing_while_playing_just_works() -> None:
    async with on_stage() as stage:
        await stage.press("space")
        for size in ((80, 24), (60, 20), (59, 20), (60, 19), (160, 45)):
            await stage.pilot.resize_terminal(*size)
            stage.wall.now += 0.5
            await stage.settled()
            await stage.until(
                lambda: stage.live._player.time == int((stage.wall.now - 1000) * SECOND / 2)
            )
            shown = stage.seen()
            assert [len(row) for row in stage.rows()] == [size[0]] * size[1]
            roomy = size[0] >= 60 and size[1] >= 20
            sentence = "needs at least 60 columns and 20 rows" in " ".join(shown.split())
            assert sentence is not roomy
            for title in ("STATIC", "DYNAMIC", "CONTINUOUS"):
                assert (title in shown) is roomy
        await stage.drawn()
        assert "latency (s)" in stage.seen()


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (100, 33), (120, 36), (250, 70)])
async def test_every_size_shows_phase_queue_figures_timeline_and_keys(
    size: tuple[int, int],
) -> None:
    async with on_stage(size=size) as stage:
        await stage.seek(START)
        shown = stage.seen()
        for word in ("PREFILL|DECODE", "queue [0-9]", "done [0-9]+/20", "├.*●.*┤", "space"):
            assert re.search(word, shown), word
        assert shown.count("queue") == 3


async def click(stage: Stage, text: str, among: str) -> None:
    """Click on a text in a lane."""
    lane = stage.live.query_one(f"#{among}")
    rows = stage.rows()[lane.region.y : lane.region.bottom]
    places = [(row[lane.region.x : lane.region.right].find(text), y) for y, row in enumerate(rows)]
    x, y = next((x, y) for x, y in places if x >= 0)
    await stage.pilot.click(f"#{among}", offset=(x, y))
    await stage.settled()


async def test_a_click_on_a_request_selects_it_in_all_lanes_and_another_unselects_it() -> None:
    async with on_stage() as stage:
        await stage.seek(START)
        lane = NOTEBOOK.runs[2].at(START)
        name = f"R{lane.occupants[lane.occupants >= 0].max()}"
        await click(stage, name, "continuous")
        await selects(name)(stage)
        assert stage.live.selected == int(name[1:])
        reversed_names = {
            segment.text
            for strip in stage.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.reverse and re.match(r"R\d", segment.text)
        }
        assert reversed_names == {name}
        await click(stage, name, "continuous")
        assert stage.live.selected is None
        await tells_why(stage)


async def test_the_breakdown_of_the_selected_request_sums_to_its_age() -> None:
    async with on_stage(size=(160, 45)) as stage:
        await stage.press("end", *["down"] * 3)
        for row, run in zip(told_below(stage), stage.scene.runs, strict=True):
            total, parts = row.split(" took ")[1].split(" = ")
            latency = int(run.end[2] - run.requests.arrival_time[2])
            assert total == short(latency)
            seconds = [
                float(number) / (1000 if unit == "ms" else 1)
                for number, unit in re.findall(r"([\d.]+)(ms|s)\b", parts)
            ]
            assert sum(seconds) == pytest.approx(latency / SECOND, abs=0.005 * len(seconds))


async def test_the_mouse_drags_the_playhead_along_the_timeline() -> None:
    async with on_stage() as stage:
        line, pilot = stage.live.query_one(Timeline), stage.pilot
        cells = line.content_size.width - 2

        async def move_to(cell: int, button: int) -> None:
            where = {"widget": Timeline, "offset": (1 + cell, 0), "button": button}
            await pilot._post_mouse_events([MouseMove], **where)
            await pilot.pause()

        def playhead() -> int:
            return stage.rows()[line.region.y].index("●") - 1

        await pilot.mouse_down(Timeline, offset=(1 + cells // 4, 0))
        await pilot.pause()
        assert playhead() == cells // 4
        assert stage.clock == pytest.approx(NOTEBOOK.end / 4, rel=0.05)
        for cell in (cells // 4 + 1, cells // 2, 7, cells - 1):
            await move_to(cell, button=1)
            assert playhead() == cell
        assert stage.clock == no_later(NOTEBOOK.end)
        await pilot.mouse_up(Timeline, offset=(cells, 0))
        await move_to(3, button=0)
        assert playhead() == cells - 1


async def test_the_picker_lists_all_workloads_and_loads_the_one_that_is_picked() -> None:
    async with on_stage() as stage:
        await stage.press("end", "w")
        options = stage.app.screen.query_one(OptionList)
        shown = [options.get_option_at_index(n).prompt for n in range(options.option_count)]
        names = [str(option).split()[0] for option in shown]
        assert names == list(bundled_workloads())
        assert options.highlighted == names.index("notebook")
        await stage.press("down", "enter")
        assert stage.app.screen is stage.live
        assert "illustrative · 6 requests" in stage.rows()[0]
        assert stage.clock == 0
        assert stage.titles == [SAME[0], "DYNAMIC · batch 4 · 300ms", SAME[2]]


async def test_a_bad_path_is_told_in_the_picker_and_nothing_is_lost(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x\nrequests: [{arrival_time: 0, input_tokens: -1, output_tokens: 1}]\n")
    async with on_stage() as stage:
        await stage.seek(START)
        before = stage.scene
        await stage.press("w")
        field = stage.app.screen.query_one(Input)
        field.focus()
        for path, complaint in (("nowhere.yaml", "nowhere.yaml"), (str(bad), "input_tokens")):
            field.value = path
            await stage.press("enter")
            assert isinstance(stage.app.screen, PickWorkload)
            assert complaint in stage.seen().replace("\n", "")
        await stage.press("escape")
        assert stage.scene is before
        assert stage.clock == START


async def test_a_file_in_the_picker_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nrequests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]\n"
        "strategies: {continuous: {batch_size: 2}}\n"
    )
    async with on_stage() as stage:
        await stage.press("w")
        stage.app.screen.query_one(Input).focus()
        stage.app.screen.query_one(Input).value = f" {path} "
        await stage.press("enter")
        assert stage.titles == ["CONTINUOUS · batch 2"]
        assert "mine · 1 request" in stage.rows()[0]
        await stage.press("w", "home", "enter")
        assert stage.titles == list(SAME)


async def test_help_lists_every_key_and_every_sign() -> None:
    async with on_stage() as stage:
        await stage.press("question_mark")
        words = " ".join(stage.seen().split())
        seen = set()
        for _ in range(6):
            words = " ".join(re.sub("[│▁-█]", " ", stage.seen()).split())
            seen |= {key.id for key in KEYS if f"{key.display} {key.name}" in words}
            await stage.press("pagedown")
        assert seen == {key.id for key in KEYS}
        await stage.press("escape")
        assert stage.app.screen is stage.live


async def test_keys_do_nothing_below_a_dialog() -> None:
    async with on_stage() as stage:
        await stage.seek(START)
        await stage.press("question_mark", "right", "space")
        await stage.press("escape")
        assert stage.clock == START
        assert "paused" in stage.rows()[0]


async def test_the_palette_runs_a_key_by_its_name() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p", *"larger batch")
        await stage.until(lambda: "Larger batch" in stage.seen())
        await stage.press("enter")
        await stage.until(lambda: stage.titles[0] == "STATIC · batch 5")
        names = {command.title for command in stage.app.get_system_commands(stage.live)}
        assert {key.name for key in KEYS} <= names


async def test_the_theme_key_goes_through_all_themes_and_each_one_draws() -> None:
    async with on_stage() as stage:
        await stage.seek(START)
        worn, grounds = [], set()
        for _ in range(6):
            worn.append(stage.app.theme)
            assert "STATIC · batch 4" in stage.seen()
            lane = stage.live.query_one(Lane)
            grounds.add(str(lane.render_line(0)._segments[0].style))
            await stage.press("t")
        assert stage.app.theme == worn[0] == "dark"
        assert len(set(worn)) == len(grounds) == 6


@pytest.mark.parametrize(
    ("keys", "notice"),
    [
        ("n", "this workload is a list of requests: it has no seed"),
        ("<", "all requests of this workload arrive at once: it has no rate"),
        (">", "all requests of this workload arrive at once: it has no rate"),
    ],
)
async def test_a_parameter_that_is_not_there_is_told_and_nothing_breaks(
    keys: str, notice: str
) -> None:
    async with on_stage(hand_made(*[(0, 5, 5)] * 6)) as stage:
        before = stage.scene
        names = {"<": "less_than_sign", ">": "greater_than_sign"}
        await stage.press(names.get(keys, keys))
        assert stage.notices == [notice]
        assert stage.scene is before
        await stage.press("right")
        assert stage.clock == 5 * MS


async def test_a_load_too_low_for_the_clock_is_told_and_the_other_keys_go_on() -> None:
    # A gap of 10 days: four times longer again, and the last arrival lies beyond the clock.
    days = 10 * 24 * 3600 * 1000
    async with on_stage(hand_made((0, 5, 5), (days, 5, 5))) as stage:
        await stage.pilot.press(*["less_than_sign"] * 12)
        await stage.settled()
        assert stage.notices
        await stage.press("right_square_bracket")
        assert stage.titles[0] == "STATIC · batch 3"


async def test_a_workload_that_cannot_be_played_is_told_and_the_one_on_stage_stays() -> None:
    beyond = hand_made((9 * 10**9, 2**30, 2**31 - 1))
    async with on_stage() as stage:
        await stage.seek(START)
        stage.live._take_workload(beyond)
        await stage.settled()
        assert len(stage.notices) == 1
        assert stage.titles == list(SAME)
        await stage.press("right")
        assert stage.clock == no_later(steps_from(START, 1))


async def test_one_lane_and_one_request_play_from_end_to_end() -> None:
    async with on_stage(hand_made((0, 5, 2), strategies=[Continuous(1)])) as stage:
        assert stage.titles == ["CONTINUOUS · batch 1"]
        clocks = []
        for _ in range(4):
            await stage.press("right")
            clocks.append(stage.clock // MS)
        assert clocks == [5, 15, 25, 25]
        await stage.press("down", "tab", "n", "left_square_bracket", "home", "space")
        assert "1 request" in stage.rows()[0]


async def test_two_lanes_share_the_room() -> None:
    async with on_stage(hand_made((0, 5, 2), strategies=[Static(2), Continuous(2)])) as stage:
        assert [lane.region.width for lane in stage.live.query(Lane)] == [60, 60]
        await stage.press("right")
        assert len(told_below(stage)) == 2


async def test_thousands_of_requests_stay_readable() -> None:
    async with on_stage(crowd(5000, 8, gap=1), size=(120, 36)) as stage:
        await stage.seek(stage.scene.end // 2)
        shown = stage.seen()
        assert "5,000 requests" in shown
        assert re.search(r"queue \d,\d{3}", shown)
        assert len(re.findall(r"\+\d,\d{3} more", shown)) >= 1
        await stage.press("end", "up")
        assert "R4999 took " in stage.seen()


async def test_a_slow_simulation_shows_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    go, build = Event(), simulation.build_scene
    monkeypatch.setattr(simulation, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(simulation, "build_scene", lambda *given: go.wait(20) and build(*given))
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
        assert stage.titles[0] == "STATIC · batch 3"


def slowly(build: Callable) -> Callable:
    """The same, after a while."""

    def built(*arguments: object) -> object:
        time.sleep(0.3)
        return build(*arguments)

    return built


@pytest.mark.parametrize("keys", [["right_square_bracket"], ["end"], ["greater_than_sign", "t"]])
async def test_quitting_while_something_is_computed_is_clean(
    keys: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulation, "build_scene", slowly(simulation.build_scene))
    monkeypatch.setattr(chart_pane, "draw", slowly(chart_pane.draw))
    app = BatchingApp(hand_made((0, 5, 2), (9, 5, 2)))
    async with app.run_test(size=(160, 45)) as pilot:
        while live_scene(app) is None:
            await pilot.pause(0.01)
        await pilot.press(*keys)
        await pilot.press("q")
    assert app.return_code == 0
    assert "Traceback" not in "".join(capsys.readouterr())


def live_scene(app: BatchingApp) -> object:
    return getattr(app.screen, "scene", None)


async def test_in_another_view_the_batch_keys_act_on_all_lanes() -> None:
    async with on_stage() as stage:
        await stage.press("tab", "2", "tab", "right_square_bracket", "1")
        assert stage.titles == [title.replace("batch 4", "batch 5") for title in SAME]
