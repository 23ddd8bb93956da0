"""The dialog that picks a workload, or a file; and workloads that cannot be played."""

from __future__ import annotations

from pathlib import Path

from stage import NOTEBOOK_TITLES, as_shown, boundary_from, hand_made, on_stage
from textual.widgets import Input, OptionList

from tui_batching.clock import SECOND
from tui_batching.tui.dialogs import PickWorkload
from tui_batching.workload import bundled_workloads


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
        assert stage.titles == [NOTEBOOK_TITLES[0], "DYNAMIC batch 4 · 300 ms", NOTEBOOK_TITLES[2]]


async def test_a_bad_path_is_told_in_the_picker_and_nothing_is_lost(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x\nrequests: [{arrival_time: 0, input_tokens: -1, output_tokens: 1}]\n")
    async with on_stage() as stage:
        await stage.seek(3 * SECOND)
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
        assert stage.clock == 3 * SECOND


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
        assert stage.titles == ["CONTINUOUS batch 2"]
        assert "mine · 1 request" in stage.rows()[0]
        await stage.press("w", "home", "enter")
        assert stage.titles == list(NOTEBOOK_TITLES)


async def test_a_workload_that_cannot_be_played_is_told_and_the_one_on_stage_stays() -> None:
    beyond = hand_made((9 * 10**9, 2**30, 2**31 - 1))
    async with on_stage() as stage:
        await stage.seek(3 * SECOND)
        stage.live._take_workload(beyond)
        await stage.settled()
        assert len(stage.notices) == 1
        assert stage.titles == list(NOTEBOOK_TITLES)
        await stage.press("right")
        assert stage.clock == as_shown(boundary_from(stage.scene, 3 * SECOND, 1))
