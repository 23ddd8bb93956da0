"""What the lane of an engine tells: the iteration, prompts chunk by chunk, KV memory, the queue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from stage import COST, MS, hand_made, on_stage, palette, scene_of

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.scene import Scene
from tui_batching.charts.breakdown_rows import breakdown_rows, parts_of
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import KvView, kv_view, lane_view
from tui_batching.charts.lane_words import phase_texts
from tui_batching.charts.live_legend import legend_row
from tui_batching.charts.printing import to_ascii
from tui_batching.charts.rows import text_of
from tui_batching.clock import SECOND
from tui_batching.glossary import GLOSSARY
from tui_batching.sim.simulate import simulate
from tui_batching.strategies import (
    STRATEGIES,
    Continuous,
    FastGen,
    Orca,
    SgLang,
    Strategy,
    Tgi,
    Triton,
    Vllm,
)
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

TIGHT = Vllm(8, 2048, kv_cache_tokens=64, async_scheduling=False)
"""Three blocks of 16: each of two prompts of 14 fills one with its third token."""
TWO = ((0, 14, 20), (0, 14, 20))


def rows_of(
    strategy: Strategy, ms: float, requests: Sequence[tuple[int, int, int]], *size: int
) -> list[str]:
    """The rows of its lane at an instant, 60 by 20 by default."""
    scene = scene_of(hand_made(*requests, strategies=[strategy]))
    view = lane_view(scene, 0, round(ms * MS), None)
    width, height = size or (60, 20)
    return [text_of(row) for row in lane_rows(view, width, height, palette())]


def step_of(strategy: Strategy, ms: float, *requests: tuple[int, int, int]) -> str:
    """The fullest wording of what it does."""
    run = simulate(hand_made(*requests, strategies=[strategy]), strategy)
    return phase_texts(run.at(round(ms * MS)))[0]


def test_the_iteration_as_it_is() -> None:
    mixed = Orca()
    assert step_of(mixed, 5, (0, 20, 9)) == "STEP 1 · 20.0 ms · 20 of R0's prompt"
    rows = ((0, 20, 9), (0, 10, 9), (35, 5, 2), (35, 6, 2), (60, 3, 2), (60, 3, 2), (60, 3, 2))
    assert step_of(mixed, 5, *rows) == "STEP 1 · 30.0 ms · 20 of R0's prompt + 10 of R1's prompt"
    assert step_of(mixed, 31, *rows) == "STEP 2 · 12.0 ms · 2 decode"
    both = "STEP 3 · 23.0 ms · 2 decode + 5 of R2's prompt + 6 of R3's prompt"
    assert step_of(mixed, 43, *rows) == both
    assert "decode + 9 of 3 prompts" in step_of(mixed, 70, *rows)


def test_who_stalls_and_who_is_skipped_is_counted() -> None:
    assert step_of(SgLang(), 22, (0, 20, 9), (12, 5, 9)).endswith("5 of R1's prompt, 1 stall")
    skipping = FastGen(64, 2, 16, 64)
    told = step_of(skipping, 118, (45, 14, 4), (45, 30, 4), (100, 5, 9))
    assert told.endswith("· 1 decode, 1 skipped")


def test_iterations_count_prefills_of_their_own() -> None:
    workload = hand_made((0, 20, 3), (12, 5, 3), strategies=[SgLang(), Continuous(4)])
    engine, textbook = (simulate(workload, each) for each in workload.strategies)
    # Two prefills and three decode steps, of which the textbook counts those of decodes.
    assert engine.at(engine.finished).iterations == 2 + engine.at(engine.finished).iteration
    assert textbook.at(textbook.finished).iteration < textbook.at(textbook.finished).iterations


def test_a_narrow_lane_says_it_in_fewer_words() -> None:
    rows = ((0, 20, 9), (5, 40, 5))
    wide, timed, middle, narrow, least = (
        rows_of(Orca(), 25, rows, width, 20)[0].strip() for width in (60, 38, 33, 22, 12)
    )
    assert wide == "STEP 2 · 50.0 ms · 1 decode + 40 of R1's prompt"
    assert timed == "STEP 2 · 50.0 ms · 1 dec + 40 of R1"
    assert middle == "STEP 2 · 1 decode + 40 of R1"
    assert narrow == "STEP 2 · 1+40 tokens"
    assert least == "STEP 2"


def test_what_a_prompt_takes_of_the_memory_is_told_where_that_is_limited() -> None:
    limited, free = (
        rows_of(Vllm(4, kv_cache_tokens=memory), 40, ((0, 20, 9), (0, 3, 5)))
        for memory in (640, None)
    )
    slot = next(number for number, row in enumerate(limited) if row.startswith(" 0 R0"))
    assert limited[slot + 1].endswith(" prompt 20 ")
    assert "prompt 20" not in "".join(free)


def test_the_legend_tells_a_prompt_that_is_read_in_parts() -> None:
    chunked = Vllm(8, 16, async_scheduling=False)
    scene = scene_of(hand_made((0, 64, 5), strategies=[chunked]))
    first, second = (
        text_of(legend_row([lane_view(scene, 0, ms * MS, None)], [(60, 20)], 100, palette()))
        for ms in (8, 24)
    )
    assert "▓ read" not in first
    assert "▓ read" in second
    assert second.count("█") == 1, "which is of tokens that are made"


def test_prompts_fill_chunk_by_chunk() -> None:
    chunked = Vllm(8, 16, async_scheduling=False)
    first, second = (rows_of(chunked, ms, ((0, 64, 5),)) for ms in (8, 24))
    slot = next(row for row in first if row.startswith(" 0 R0"))
    assert "prompt  8/64" in slot, "half of its time has passed"
    assert 8 * slot.count("░") == pytest.approx(slot.index("]") - slot.index("[") - 1, abs=8)
    slot = next(row for row in second if row.startswith(" 0 R0"))
    assert "prompt 24/64" in slot
    assert "[▓" in slot
    assert slot.count("▓") == pytest.approx(2 * slot.count("░"), abs=2)
    assert "█" not in slot, "no token is made yet"


def test_memory_is_a_gauge_with_numbers_that_sum() -> None:
    gauge, numbers = rows_of(TIGHT, 33, TWO, 80, 20)[1:3]
    assert numbers.strip() == "30 used + 2 empty + 16 free = 48 tokens, 3 blocks of 16"
    inside = gauge[gauge.index("[") + 1 : gauge.index("]")]
    assert inside.count("·") == pytest.approx(len(inside) / 3, abs=1)
    assert inside.count("▂") == pytest.approx(len(inside) * 2 / 48, abs=1)


@pytest.mark.parametrize("width", range(18, 90, 9))
def test_numbers_of_memory_are_never_cut(width: int) -> None:
    row = rows_of(TIGHT, 33, TWO, width, 20)[2]
    assert row.strip() in KvView(30, 32, 48, 16).texts()


@pytest.mark.parametrize("kv", [KvView(4049, 4080, 19984, 16, 3696), KvView(1801, 1840, 2048, 1)])
def test_numbers_of_memory_sum_up_in_every_wording(kv: KvView) -> None:
    *sums, free = kv.texts()
    assert free == f"{kv.pool - (kv.taken or 0):,} free"
    for text in sums:
        parts, whole = text.split("=")
        numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", parts)]
        assert sum(numbers) == kv.pool
        assert whole.split()[0].strip(",") == f"{kv.pool:,}"
    assert [len(text) for text in kv.texts()] == sorted(map(len, kv.texts()), reverse=True)


@pytest.mark.parametrize("size", [(120, 36), (160, 45)], ids=str)
async def test_the_sum_of_memory_has_its_total_beside_a_prefix_cache(
    size: tuple[int, int],
) -> None:
    """And the glossary says why there is a block less than there is memory."""
    async with on_stage("conversation", size=size) as stage:
        await stage.seek(8 * SECOND)
        assert re.search("3,696 cached ?[+] ?12,208 free ?= ?19,984", stage.seen())
        assert "= 20,000 tokens" in stage.seen()
    words = {word: meaning for _, words in GLOSSARY for word, meaning in words}
    assert "vLLM and TGI keep one back" in words["block"]


def test_on_a_short_lane_the_free_memory_stands_beside_the_gauge() -> None:
    assert rows_of(TIGHT, 33, TWO, 60, 10)[1].rstrip().endswith("] 16 free")


def test_memory_without_a_limit_is_told_as_such() -> None:
    assert rows_of(Orca(), 25, ((0, 20, 9),))[1].strip() == "KV 21 tokens · no limit"


def test_what_is_reserved_shows_as_such() -> None:
    strategy = Orca(kv_cache_tokens=40)
    at = simulate(hand_made((0, 20, 9), strategies=[strategy]), strategy).at(25 * MS)
    assert kv_view(at) == KvView(21, 29, 40, 1)
    assert kv_view(at.run.at(at.run.finished)) == KvView(0, 0, 40, 1)


@pytest.mark.parametrize(("ms", "used"), [(5, 20), (25, 20), (35, 21), (105, 28)])
def test_the_textbook_shows_memory_where_it_heeds_it(ms: int, used: int) -> None:
    # The prompt until 20, then nine steps, of which each keeps the token of the one before.
    rows = rows_of(Continuous(4, kv_cache_tokens=40), ms, ((0, 20, 9),))
    assert rows[2].strip() == f"{used} used + {29 - used} empty + 11 free = 40 tokens"
    assert not any("KV" in row for row in rows_of(Continuous(4), ms, ((0, 20, 9),)))


def test_a_batcher_is_no_engine() -> None:
    rows = rows_of(Triton(2), 25, ((0, 20, 9), (1, 20, 9)))
    assert rows[0].startswith(" DECODE step 1/9")
    assert not any("KV" in row for row in rows)


@pytest.mark.parametrize(("width", "height"), [(60, 20), (38, 16), (25, 11)])
def test_the_evicted_stand_in_the_queue_with_what_they_lost(width: int, height: int) -> None:
    rows = rows_of(TIGHT, 80, (*TWO, (70, 5, 5)), width, height)
    queue = next(number for number, row in enumerate(rows) if row.startswith(" queue 2"))
    assert re.match(r" ↩R1 16 (tokens )?to redo  R2", rows[queue + 1])
    assert any("R1 evicted" in row for row in rows[queue + 2 :])
    assert any("1 run · 1 eviction" in row or "1 of 8 run · 1 eviction " in row for row in rows)


@cache
def with_evictions(name: str) -> Scene:
    """A bundled workload in whose lanes somebody is evicted."""
    workload = load_workload(name)
    if name == "tight-memory":  # those whom FastGen evicts are not the first to come back
        workload = replace(workload, strategies=(*workload.strategies, FastGen()))
    return scene_of(workload)


@pytest.mark.parametrize(("width", "height"), [(25, 11), (38, 12), (38, 16), (52, 20)])
@pytest.mark.parametrize("name", ["tight-memory", "engines"])
def test_no_row_stays_empty_while_what_happened_last_or_who_was_evicted_is_not_told(
    name: str, width: int, height: int
) -> None:
    scene = with_evictions(name)
    for lane, time in product(
        range(len(scene.runs)), np.linspace(0, scene.end, 12).astype(np.int64).tolist()
    ):
        view = lane_view(scene, lane, time, None)
        rows = [text_of(row) for row in lane_rows(view, width, height, palette())]
        if not all(row.strip() for row in rows) and view.happening is not None:
            told = f" {view.happening.instant / 10**12:,.3f} "
            assert any(row.startswith(told) for row in rows), rows
        names = [f"↩R{row}" for row in view.evicted]
        leaves = any("→" in row for row in rows)
        assert not names or leaves or any(each in row for each in names for row in rows), rows


def test_an_evicted_request_waits_since_its_eviction() -> None:
    # R1 is evicted at 52.
    [queue] = (row for row in rows_of(TIGHT, 80, TWO) if row.startswith(" queue 1"))
    assert queue.rstrip().endswith("longest wait 28.0 ms")


def test_the_longest_wait_is_looked_for_where_the_queue_has_another_order() -> None:
    strategy = Vllm(1, policy="priority", async_scheduling=False)
    columns = ([0, 10 * MS, 30 * MS], [1, 1, 1], [50, 5, 5])
    requests = ListedRequests(Requests.from_columns(*columns, priority=[0, 9, 1]))
    scene = scene_of(Workload("urgent", requests, cost=COST, strategies=(strategy,)))
    view = lane_view(scene, 0, 100 * MS, None)
    assert list(view.moment.waiting) == [2, 1]
    rows = [text_of(row) for row in lane_rows(view, 60, 20, palette())]
    assert any(row.startswith(" queue 2") and "longest wait 90.0 ms" in row for row in rows)


def test_who_comes_back_is_processed_again() -> None:
    run = simulate(hand_made(*TWO, strategies=[TIGHT]), TIGHT)
    back = int(run.stays.start_time[-1])
    assert phase_texts(run.at(back))[0].endswith("· 17 of R1 again")
    moment = run.at(back)
    assert moment.next_boundary is not None
    rows = rows_of(TIGHT, (moment.next_boundary - 1) / MS, TWO)
    slot = next(row for row in rows if row.startswith(" 0 R1"))
    assert "again 16/17" in slot
    assert "▚" in slot


def test_of_many_slots_those_that_are_taken_are_shown() -> None:
    rows = rows_of(SgLang(), 45, ((0, 20, 9), (0, 20, 9), (100, 5, 5)))
    slots = [row for row in rows if row.startswith((" 0 R0", " 1 R1"))]
    assert len(slots) == 2
    assert any(row.strip() == "254 of 256 slots free" for row in rows)
    unlimited = rows_of(Tgi(), 45, ((0, 20, 9), (0, 20, 9), (100, 5, 5)))
    assert any(row.strip() == "2 run, no limit of slots" for row in unlimited)
    assert not any("useful" in row for row in unlimited)


@pytest.mark.parametrize(("width", "height"), [(25, 7), (25, 11), (38, 16), (60, 20)])
@pytest.mark.parametrize("count", [3, 7, 30, 900])
def test_more_than_fit_share_rows_and_the_rest_is_counted(
    count: int, width: int, height: int
) -> None:
    rows = rows_of(Vllm(1000, 10**6), 0.5, [(0, 1, 50)] * count, width, height)
    assert [len(row) for row in rows] == [width] * height
    free = next(number for number, row in enumerate(rows) if row.rstrip().endswith(" free"))
    slots = "\n".join(rows[2:free])
    more = re.search(r"\+(\d+) more slots", slots)
    gauges = slots.count("[")
    cells = re.sub(r"\[.*?\]", "", slots).count("░")
    assert gauges + cells + (int(more[1]) if more else 0) == count
    assert re.search(rf"\b{1000 - count} (of 1,000 slots )?free", rows[free])


@pytest.mark.parametrize("chosen", range(8))
def test_the_selected_request_has_a_row_of_its_own_where_others_share_one(chosen: int) -> None:
    scene = scene_of(hand_made(*[(0, 5, 30)] * 8, strategies=[Vllm(8, 2048)]))
    view = lane_view(scene, 0, 200 * MS, chosen)
    told = [text_of(row) for row in lane_rows(view, 60, 11, palette())]
    assert any(re.match(rf"▸{chosen} R{chosen} .*\d+/30 *$", row) for row in told), told
    assert {name for row in told for name in re.findall(r"R\d", row)} == {f"R{n}" for n in range(8)}


def test_a_sign_that_means_taken_memory_means_no_tokens() -> None:
    scene = with_evictions("engines")
    rows = [
        text_of(row)
        for time, lane in product(range(1, 40, 6), range(len(scene.runs)))
        for row in lane_rows(lane_view(scene, lane, time * SECOND, None), 38, 14, palette())
    ]
    assert any("▃" in row for row in rows)
    assert not any("▂" in row for row in rows if "KV [" not in row)


@pytest.mark.parametrize("height", [7, 8, 11, 16])
def test_memory_queue_and_counts_keep_a_row_in_a_low_lane(height: int) -> None:
    rows = "\n".join(rows_of(TIGHT, 80, (*TWO, (70, 5, 5)), 38, height))
    assert "KV [" in rows
    assert "16 free" in rows
    assert " 0 R0 " in rows
    assert "queue 2" in rows
    assert "1 eviction" in rows


@pytest.mark.parametrize("height", range(1, 24))
def test_a_lane_is_as_high_as_it_is_asked_for(height: int) -> None:
    for strategy in (TIGHT, SgLang(kv_cache_tokens=64), Tgi(), Orca()):
        assert len(rows_of(strategy, 55, TWO, 30, height)) == height


def test_a_selected_request_shows_how_long_it_was_evicted_and_computed_again() -> None:
    run = simulate(hand_made(*TWO, strategies=[TIGHT]), TIGHT)
    told = " ".join(
        text_of(row) for row in breakdown_rows([run.at(run.finished)], 1, 2, 120, palette())
    )
    start, end = int(run.stays.end_time[1]), int(run.stays.start_time[2])
    assert told.split("R1")[0].count("▚") == pytest.approx(told.count("↩") * 17 / 170, abs=1)
    assert f"evicted {(end - start) // MS} + recompute 17 = " in told


def test_who_decodes_in_a_step_with_a_prompt_is_slowed_by_it() -> None:
    requests = ((0, 20, 9), (0, 10, 9), (35, 5, 2))
    for instant, count in ((43, 2), (31, 0)):
        rows = rows_of(Orca(8), instant, requests, 60, 30)
        words = [row for row in rows if "slowed" in row and "%" not in row]
        assert len(words) == count, "both, and not the newcomer"
    scene = scene_of(hand_made(*requests, strategies=[Orca(8)]))
    (legend,) = (legend_row([lane_view(scene, 0, 43 * MS, None)], [(60, 20)], 120, palette()),)
    assert "¦ slowed" in text_of(legend)
    assert "stalled" not in text_of(legend), "everybody gets a token"


def test_what_a_prompt_costs_the_others_is_a_part_called_as_it_is_drawn() -> None:
    requests = ((0, 20, 9), (35, 50, 2))
    alone, beside = (
        " ".join(
            text_of(row)
            for row in breakdown_rows(
                [simulate(hand_made(*requests, strategies=[each]), each).at(10**15)],
                0, 4, 120, palette(),
            )
        )
        for each in (Continuous(8), Orca(8))
    )  # fmt: skip
    assert "stalled 50" in alone
    assert "‖" in alone
    assert "slowed 50" in beside
    assert "¦" in beside
    assert "stalled" not in beside


def test_only_who_gets_no_token_is_stalled_where_prompts_are_beside_decodes() -> None:
    workload = load_workload("engines")
    for strategy in workload.strategies:
        run = simulate(workload, strategy)
        moments = [run.at(second * 1000 * MS) for second in (2, 5, 9)]
        for moment, row in product(moments, range(0, len(run), 7)):
            told = parts_of(moment, row)
            whole = breakdown(run, np.array([row]), moment.time)
            assert told.get("stalled", 0) + told.get("slowed", 0) == whole.stalled[0]
            assert all(amount > 0 for amount in told.values())
            assert run.mixes or "slowed" not in told
    skipping = FastGen(64, 2, 16, 64)
    run = simulate(
        hand_made((45, 14, 4), (45, 30, 4), (100, 5, 9), strategies=[skipping]), skipping
    )
    told = [parts_of(run.at(run.finished), row) for row in range(len(run))]
    assert any("stalled" in each for each in told), "who is skipped makes nothing"


def test_the_marks_of_engines_are_letters_that_nothing_else_has() -> None:
    marks = [kind.about.mark for kind in STRATEGIES.values() if not kind.textbook]
    assert all(len(mark) == 1 and mark.isupper() for mark in marks)
    assert len(set(marks)) == len(marks)
    others = {kind.about.mark for kind in STRATEGIES.values() if kind.textbook}
    assert not set(marks) & {to_ascii(mark) for mark in others}
    assert "R" not in marks, "R names requests"


@pytest.mark.parametrize("width", [38, 27, 12])
def test_a_lane_that_ignores_the_memory_there_is_says_so(width: int) -> None:
    scene = scene_of(load_workload("anyscale-32"))
    drawn = lane_rows(lane_view(scene, 2, scene.end // 2, None), width, 14, palette())
    rows = [text_of(row) for row in drawn]
    assert rows[1].startswith(" KV ignored")
    if width > 36:
        assert rows[1].strip() == "KV ignored · 15,728 tokens there"
