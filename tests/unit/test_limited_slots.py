"""Slots that are no more than a limit: no share of them is told, but tokens per iteration."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from stage import hand_made, on_stage, palette, scene_of, texts

from tui_batching import load_workload
from tui_batching.__main__ import main
from tui_batching.analysis.metrics import METRICS_BY_NAME
from tui_batching.analysis.tables import comparison_table
from tui_batching.analysis.utilization import tells_shares
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.utilization_panels import utilization_chart
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import Continuous, Dynamic, Orca, Static, Vllm
from tui_batching.workload import Workload

FEW = hand_made(
    *((40 * number, 20, 5) for number in range(30)),
    strategies=[Static(4), Orca(max_batch_size=64), Vllm(max_num_seqs=256)],
)
"""Three or so run at once."""


def test_few_run_in_one_slot_of_sixteen() -> None:
    rows = [(100 * number, 5, 3) for number in range(9)]
    for slots, tells in ((16, True), (17, False)):
        strategy = Vllm(max_num_seqs=slots)
        run = simulate(hand_made(*rows, strategies=[strategy]), strategy)
        assert (len(run.by_slot), tells_shares(run)) == (1, tells)


def test_only_many_slots_that_are_never_taken_are_no_more_than_a_limit() -> None:
    rows = [(0, 5, 3)] * 9
    for strategy, tells in (
        (Static(64), True),
        (Dynamic(64), True),
        (Continuous(9), True),
        (Continuous(64), True),
        (Vllm(max_num_seqs=36), True),
        (Vllm(max_num_seqs=37), False),
    ):
        run = simulate(hand_made(*rows, strategies=[strategy]), strategy)
        assert tells_shares(run) is tells, strategy


def test_tokens_per_iteration_are_those_computed_by_the_iterations_there_are() -> None:
    for name in ("notebook", "engines", "tight-memory"):
        scene = scene_of(load_workload(name))
        for result, steps in zip(scene.comparison, scene.slot_steps, strict=True):
            run = result.run
            end = np.array([run.finished])
            told = result.metrics["tokens_per_iteration"]
            assert told == pytest.approx(float(steps.tokens_per_iteration(end)[0]), rel=1e-12)
            times = np.linspace(0, run.finished, 23).astype(np.int64)
            computed = steps.computed_by(times)
            assert computed[0] == 0
            assert (np.diff(computed) >= 0).all()


def test_by_hand() -> None:
    # Each prompt is read alone; then five steps for both: 10 + 10 tokens in 2 + 5 iterations.
    run = simulate(hand_made((0, 5, 5), (0, 5, 5), strategies=[Continuous(2)]), Continuous(2))
    (result,) = scene_of(hand_made((0, 5, 5), (0, 5, 5), strategies=[Continuous(2)])).comparison
    assert result.metrics["tokens_per_iteration"] == 20 / 7
    assert int(run.spans.iterations_at(np.array([run.finished]))[0]) == 7


def test_a_comparison_tells_no_share_of_them_and_nobody_is_the_best_by_it() -> None:
    comparison = scene_of(FEW).comparison
    assert comparison.limited == ("orca", "vllm")
    useful = METRICS_BY_NAME["useful"]
    assert [value is None for value in comparison.values(useful)] == [False, True, True]
    assert not any(comparison.best(useful))
    assert all(comparison.best(METRICS_BY_NAME["held"]))
    groups = {group.title: group for group in comparison_table(comparison).groups}
    assert [cell.text for cell in groups["Utilization of the slots"].rows[0].cells][1:] == [
        "–",
        "–",
    ]
    assert "tokens each" in [row.label for row in groups["Iterations"].rows]
    alone = scene_of(hand_made(*[(0, 5, 3)] * 9, strategies=[Vllm(max_num_seqs=99)])).comparison
    assert "Utilization of the slots" not in [g.title for g in comparison_table(alone).groups]


def test_json_has_every_figure_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "chat", "--strategy", "vllm", "--json"]) == 0
    assert '"useful": 0.' in capsys.readouterr().out


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)
async def test_lanes_and_charts_tell_tokens_per_iteration(size: tuple[int, int]) -> None:
    async with on_stage(FEW, size=size) as stage:
        await stage.seek(stage.scene.end // 2)
        await stage.drawn()
        seen = stage.seen()
        assert seen.count("tokens an iteration") + seen.count("tokens/iteration") >= 2
        lanes = [row for row in stage.rows() if "stalled" in row and "%" in row]
        assert all(row.count("%") <= 4 for row in lanes)
        assert ("tokens an iteration so far" in seen) is (size[1] > 30)
        assert "useful slots so far" not in seen


def drawn(workload: Workload, width: int = 120, height: int = 30) -> list[str]:
    scene = scene_of(workload)
    return texts(utilization_chart(ChartRequest(scene, scene.end, width, height, palette())))


@pytest.mark.parametrize("size", [(78, 20), (118, 31)], ids=str)
def test_strategies_of_one_batch_size_are_told_in_shares_of_it(size: tuple[int, int]) -> None:
    sizes = [Static(64), Dynamic(64), Continuous(64)]
    rows = drawn(replace(load_workload("notebook"), strategies=tuple(sizes)), *size)
    assert [row.split("┤")[0].strip() for row in rows if "┤" in row].count("64") == 3
    for word in ("useful", "held"):
        assert sum(f"{word} " in row and "%" in row and "━" in row for row in rows) == 3
    averages = [row for row in rows if "╌╌" in row]
    assert averages
    assert all(row.rstrip().endswith("%") for row in averages)


async def test_a_lane_of_many_slots_that_are_its_batch_size_tells_shares() -> None:
    workload = replace(load_workload("notebook"), strategies=(Static(64), Continuous(64)))
    async with on_stage(workload) as stage:
        await stage.seek(stage.scene.end // 2)
        assert "tokens/iteration" not in stage.seen()
        assert "tokens an iteration" not in stage.seen()


def test_the_panels_of_utilization_share_an_axis_up_to_the_most_slots_taken() -> None:
    rows = drawn(FEW)
    runs = scene_of(FEW).runs
    tops = [row.split("┤")[0].strip() for row in rows if "┤" in row]
    most = max(4, *(len(run.by_slot) for run in runs[1:]))
    assert tops.count(str(most)) == len(runs)
    for run in runs[1:]:
        told = f"at most {len(run.by_slot)} of {run.slots} slots taken"
        assert any(told in row for row in rows)
    assert any("orca, vllm count slots, and are no share" in row for row in rows)


def test_a_line_stands_above_the_slots_of_who_has_fewer_than_the_axis() -> None:
    workload = hand_made(*[(0, 5, 9)] * 20, strategies=[Static(4), Continuous(16)])
    rows = drawn(workload, 80, 30)
    edges = [row for row in rows if "┄┄" in row]
    assert [row.split("┤")[0].strip() for row in edges] == ["4"]
    panel = rows[: next(number for number, row in enumerate(rows) if "CONTINUOUS" in row)]
    above = panel[1 : panel.index(edges[0])]
    assert above
    assert not any("█" in row for row in above)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)
async def test_gantt_tells_shares_of_those_alone_whose_slots_are_no_mere_limit(
    size: tuple[int, int],
) -> None:
    async with on_stage(FEW, size=size, view="2") as stage:
        for time, told in ((stage.scene.end // 2, r"\d+ answered"), (stage.scene.end, "all")):
            await stage.seek(time)
            await stage.drawn()
            headings = [row for row in stage.rows() if re.match(r" [SOV] [A-Z]+", row)]
            static, *limited = headings
            assert "held" in static
            assert "%" in static
            for heading in limited:
                assert re.search(told, heading)
                assert not re.search("%|held|slowed|stalled", heading)


@pytest.mark.parametrize("height", range(14, 40))
def test_that_line_is_drawn_wherever_a_row_above_the_slots_is_free(height: int) -> None:
    sizes = (Static(6), Dynamic(6), Continuous(8))
    rows = drawn(replace(load_workload("notebook"), strategies=sizes), 80, height)
    heads = [number for number, row in enumerate(rows) if "━" in row]
    for head, slots in zip(heads, (6, 6, 8), strict=True):
        panel = rows[head + 1 : next(n for n in range(head, height) if rows[n].startswith("   0┤"))]
        free = [row for row in panel if not re.search("[█▒‖▁-▇]", row[5:61])]
        lines = [row.split("┤")[0].strip() for row in panel if "┤┄┄" in row]
        assert lines == (["6"] if slots < 8 and free else [])
