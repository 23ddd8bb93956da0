"""The prefix cache of vLLM: what is found, what it saves, and that all who tell of it agree."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from sharing import SYSTEM, USERS, sharing
from stage import MS, on_stage, palette, scene_of, texts

from tui_batching.analysis.cache_use import Admitted, Beginning, beginnings_found
from tui_batching.analysis.claims import claims
from tui_batching.analysis.comparison import compare
from tui_batching.analysis.kv_use import recomputed_tokens
from tui_batching.analysis.metrics import PREFIX_CACHE, metrics
from tui_batching.analysis.request_columns import request_columns
from tui_batching.analysis.sweeps import sweep
from tui_batching.analysis.tables import comparison_table, sweep_table
from tui_batching.analysis.why import evicted_facts, why
from tui_batching.charts.cache_panels import cache_chart
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.gallery import SCENE_CHARTS
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import kv_view, lane_view, slot_views
from tui_batching.charts.result_card import card_rows
from tui_batching.charts.sweep_charts import SweepRequest, load_chart, parameter_chart
from tui_batching.charts.utilization_panels import memory_chart
from tui_batching.cli.main import main
from tui_batching.export.json_and_csv import comparison_rows, sweep_rows, write_comparison_json
from tui_batching.requests import Requests
from tui_batching.sim.run import Run
from tui_batching.strategies import Continuous, Vllm
from tui_batching.streams import Streams
from tui_batching.workload import Workload, load_workload

VLLM = Vllm(8, async_scheduling=False)
WORKLOAD = sharing(*USERS)
SCENE = scene_of(WORKLOAD)


def serve(**settings: object) -> Run:
    strategy = replace(VLLM, **settings)  # type: ignore[arg-type]
    return strategy.serve(WORKLOAD.requests, WORKLOAD.cost)


def test_the_system_prompt_is_computed_once_and_saves_the_rest_of_its_users() -> None:
    run, without = serve(), serve(enable_prefix_caching=False)
    assert run.stays.cached.tolist() == [0, SYSTEM, SYSTEM, SYSTEM, SYSTEM]
    assert run.chunks.tokens.tolist() == [600, 88, 18, 188, 88]
    assert without.chunks.tokens.sum() == sum(prompt for _, prompt, _ in USERS)
    ttft = run.first_token_time - run.requests.arrival_time
    slow = without.first_token_time - without.requests.arrival_time
    assert ttft[0] == slow[0]
    assert (ttft[1:] < slow[1:]).all()


def test_the_last_token_of_a_prompt_is_always_computed() -> None:
    """Of a prompt of two whole blocks the second one is computed again."""
    requests = Requests.from_columns(
        [0, 500 * MS], [32, 32], [4, 4], stream=[0, 0], stream_tokens=[32, 32],
        streams=Streams.roots(1),
    )  # fmt: skip
    assert VLLM.serve(requests, WORKLOAD.cost).stays.cached.tolist() == [0, 16]


def test_the_next_turn_finds_the_answer_of_the_one_before() -> None:
    """Its prompt is the whole history, of which every whole block is in memory."""
    requests = Requests.from_columns(
        [0, 500 * MS], [100, 200], [60, 10], stream=[0, 0], stream_tokens=[160, 210],
        streams=Streams.roots(1),
    )  # fmt: skip
    for jumps in (VLLM, replace(VLLM, async_scheduling=True)):
        # 159 tokens were computed: the last one of an answer never is.
        assert jumps.serve(requests, WORKLOAD.cost).stays.cached.tolist() == [0, 144]


def test_who_is_evicted_finds_its_own_blocks_again() -> None:
    requests = Requests.from_columns([0, 0], [100, 100], [60, 60])
    run = replace(VLLM, kv_cache_tokens=17 * 16).serve(requests, WORKLOAD.cost)
    assert run.evictions.tolist() == [0, 1]
    evicted, back = run.by_request.members(1).tolist()
    known = int(run.stays.known[back])
    at = run.at(int(run.stays.end_time[evicted]))
    facts = evicted_facts(at, 1)
    assert (facts.found, facts.lost) == (int(run.stays.cached[back]), known - 1 - facts.found)
    assert facts.found > 0
    assert f"({facts.found:,} still cached and {facts.lost:,} to redo)" in why(at).replace(
        re.search(r"evicted .*?, ", why(at))[0],
        "",  # type: ignore[index]
    )
    assert recomputed_tokens(run) == known - facts.found
    off = replace(VLLM, kv_cache_tokens=17 * 16, enable_prefix_caching=False)
    assert recomputed_tokens(off.serve(requests, WORKLOAD.cost)) == known


def test_what_somebody_finds_of_its_own_is_no_hit() -> None:
    """As a vLLM server counts; else less memory, which evicts more, would seem to find more."""
    requests = Requests.from_columns([0, 0], [100, 100], [60, 60])
    run = replace(VLLM, kv_cache_tokens=17 * 16).serve(requests, WORKLOAD.cost)
    told = metrics(run)
    assert told["found_prompt_tokens"] == run.stays.cached.sum() > 0
    assert told["prefix_hit_rate"] is None, "there is nothing in common"
    assert run.at(int(run.end_time.max())).found_so_far == 0


def test_metrics_tell_what_was_found_and_computed() -> None:
    comparison = compare(WORKLOAD)
    ours, theirs = (result.metrics for result in comparison)
    wanted = sum(prompt for _, prompt, _ in USERS)
    assert ours["found_prompt_tokens"] == 4 * SYSTEM
    assert ours["prefix_hit_rate"] == 4 * SYSTEM / wanted
    assert ours["computed_prompt_tokens"] == wanted - 4 * SYSTEM
    assert theirs["prefix_hit_rate"] is None
    assert theirs["computed_prompt_tokens"] == wanted
    table = comparison_table(comparison)
    assert PREFIX_CACHE in {group.title for group in table.groups}
    assert table.note == (
        "sglang runs without prefix cache: it computes anew what requests have in common"
    )
    [claim] = [claim for claim in claims(comparison) if "have in common" in claim.text]
    assert claim.holds
    assert "2,048 of 3,030 tokens (68%)" in claim.detail


def test_each_request_tells_what_was_found_of_its_prompt() -> None:
    columns = request_columns(serve())
    assert columns["cached_tokens"].tolist() == [0, SYSTEM, SYSTEM, SYSTEM, SYSTEM]


def test_nobody_is_said_to_lack_it_where_nothing_is_shared_or_it_is_off() -> None:
    alone = replace(WORKLOAD, source=replace(WORKLOAD.source, requests=alike(WORKLOAD.requests)))
    assert comparison_table(compare(alone)).note == ""
    off = (replace(VLLM, enable_prefix_caching=False), *WORKLOAD.strategies[1:])
    assert comparison_table(compare(replace(WORKLOAD, strategies=off))).note == ""
    assert metrics(serve(enable_prefix_caching=False))["prefix_hit_rate"] is None


def alike(requests: Requests) -> Requests:
    """The same requests, which have nothing in common."""
    return Requests.from_columns(
        requests.arrival_time, requests.input_tokens, requests.output_tokens
    )


def test_a_lane_shows_what_was_found() -> None:
    start = int(SCENE.runs[0].start_time[1])
    end = SCENE.runs[0].at(start).next_boundary
    assert end is not None
    view = lane_view(SCENE, 0, end - 1, None)
    rows = texts(lane_rows(view, 110, 24, palette()))
    assert any(re.search(r"\[≡+░+\] +prompt 512 cached \+ 88 $", row) for row in rows)
    assert any(
        row.strip().endswith("R1 takes slot 1, 512 of 600 tokens found in the cache")
        for row in rows
    )
    [slot] = [slot for slot in slot_views(view, 8) if slot.row == 1]
    assert (slot.numbers, slot.told) == ("599/600", "512 cached + 88")
    assert any(row.strip().endswith("· 43% of prompt tokens found") for row in rows)
    first = texts(lane_rows(lane_view(SCENE, 0, 1, None), 110, 24, palette()))
    assert any("R0 takes slot 0, nothing found in the cache" in row for row in first)
    other = texts(lane_rows(lane_view(SCENE, 1, start, None), 110, 24, palette()))
    assert any(row.strip().endswith("without prefix cache") for row in other)


def test_the_gauge_splits_into_used_cached_and_free() -> None:
    """Blocks of who has left stay known until they are overwritten."""
    scene = scene_of(sharing((0, 600, 30), (1000, 600, 30)))
    run = scene.runs[0]
    idle = int(run.end_time[0]) + 1
    seen = kv_view(run.at(idle))
    assert seen is not None
    # Of 629 tokens computed 39 blocks are whole.
    assert (seen.used, seen.taken, seen.cached, seen.pool) == (0, 0, 39 * 16, 1_000 * 16)
    told = "0 used + 0 empty + 624 cached + 15,376 free = 16,000"
    assert told in seen.texts()
    assert "0 taken+624 cached+15,376 free=16,000" in seen.texts()
    narrow = ["0 taken + 16,000 free = 16,000", "0 taken+16,000 free=16,000", "16,000 free"]
    assert seen.texts()[-3:] == narrow
    rows = texts(lane_rows(lane_view(scene, 0, idle, None), 80, 24, palette()))
    assert any(re.match(r" KV \[≡+·+\]$", row.rstrip()) for row in rows)


def test_blocks_that_several_use_count_once() -> None:
    run = SCENE.runs[0]
    both = kv_view(run.at(int(run.start_time[3])))
    assert both is not None
    tokens = held(run, 3)
    assert len(tokens) == 4
    assert both.used == sum(tokens) - 3 * SYSTEM
    assert both.used + sum(-count % 16 for count in tokens) == both.taken
    chart = texts(memory_chart(ChartRequest(SCENE, SCENE.end, 110, 30, palette())))
    assert any("≡" in row for row in chart)
    assert "67.6 % of prompt tokens found" in "".join(chart)


def held(run: Run, row: int) -> list[int]:
    """The tokens in memory of each request in a slot, when one is admitted."""
    at = run.at(int(run.start_time[row]))
    stays = at.stays[at.stays >= 0]
    under_way = [at.chunks.get(stay, stay in at.decoding) for stay in stays.tolist()]
    return [int(n) + more for n, more in zip(at.computed(stays), under_way, strict=True)]


def test_why_tells_of_blocks_in_use_that_it_shares() -> None:
    """It waits for fewer blocks than its tokens fill."""
    workload = sharing((0, 600, 60), (10, 650, 20), strategies=(VLLM,), memory=46 * 16)
    run = scene_of(workload).runs[0]
    told = why(run.at(60 * MS))
    assert "because it needs 9 blocks beside 32 in use that it shares, 7 of 45 are free;" in told


def test_a_sweep_over_memory_tells_where_the_hit_rate_falls_off() -> None:
    """With room for one request at a time, what is not shared overwrites the system prompt."""
    rows = [(300 * number, 600, 20) for number in range(6)]
    workload = sharing(*rows)
    requests = workload.requests
    stream = [0, -1] * 3
    mixed = requests.with_columns(stream=stream, stream_tokens=[SYSTEM, 0] * 3)
    workload = replace(workload, source=replace(workload.source, requests=mixed))
    found = sweep(workload, "kv_cache_tokens", [40 * 16, 80 * 16, 4_000])
    rates = [point.metrics["prefix_hit_rate"] for point in found.curve("vllm")]
    assert rates == [0, pytest.approx(2 * SYSTEM / 3600), pytest.approx(2 * SYSTEM / 3600)]
    assert sweep_table(found).groups[0].title == "Prefix cache: hit rate (tokens)"
    drawn = "\n".join(texts(parameter_chart(SweepRequest(found, workload, 160, 40, palette()))))
    assert "prompt tokens found in the cache · %" in drawn
    assert "sglang runs without prefix cache" in drawn
    assert re.search(r"640 +0\.0 % ", drawn)
    assert re.search(r"4,000 +28\.4 % .* – ", drawn)


def thrashing(memory: int) -> Workload:
    """Two system prompts in turn, where memory has room for so much."""
    workload = sharing(*((300 * number, 520, 10) for number in range(8)), memory=memory)
    requests = workload.requests
    requests = Requests.from_columns(
        requests.arrival_time,
        requests.input_tokens,
        requests.output_tokens,
        stream=[0, 1] * 4,
        stream_tokens=requests.stream_tokens,
        streams=Streams.roots(2),
    )
    return replace(workload, source=replace(workload.source, requests=requests))


def test_what_was_overwritten_before_it_was_asked_for_again_is_told() -> None:
    scene = scene_of(thrashing(50 * 16))
    run = scene.runs[0]
    told = scene.comparison["vllm"].metrics
    # The first 17 blocks of the one overwrite the last 17 of the other, which then are computed.
    found, lost = told["found_prompt_tokens"], told["lost_prompt_tokens"]
    assert found == run.stays.cached.sum()
    assert (found or 0) + (lost or 0) == 6 * SYSTEM
    assert lost
    edges = np.array([0, 600 * MS, scene.end])
    parts = Admitted.of(run, edges)
    assert parts.found[0] == parts.lost[0] == 0
    assert (parts.found[1], parts.lost[1]) == (found, lost)
    assert parts.computed.tolist() == [2 * 520, 6 * 8]
    chart = texts(cache_chart(ChartRequest(scene, scene.end, 110, 30, palette())))
    assert any(f"{found:,} of 4,160 tokens found, {lost:,} lost to overwriting" in row
               for row in chart)  # fmt: skip
    assert any(row.rstrip().endswith("without prefix cache") for row in chart)
    assert "▚" in "".join(chart[1:10])
    thrash = scene_of(load_workload("cache-thrash")).comparison
    [claim] = [claim for claim in claims(thrash) if "have in common" in claim.text]
    assert not claim.holds
    assert claim.detail == (
        "0 of 46,848 tokens (0%) are found in its cache: "
        "40,320 were overwritten before they were asked for again"
    )
    ample = scene_of(thrashing(100 * 16)).comparison["vllm"].metrics
    assert (ample["found_prompt_tokens"], ample["lost_prompt_tokens"]) == (6 * SYSTEM, 0)


def test_what_was_found_most_is_named_after_who_brought_it_first() -> None:
    """A system prompt, and two conversations that begin with it."""
    requests = Requests.from_columns(
        [0, 300 * MS, 600 * MS, 900 * MS],
        [600, 700, 1000, 560],
        [10] * 4,
        stream=[1, 2, 2, 0],
        stream_tokens=[610, 710, 1010, 512],
        streams=Streams.from_columns([-1, 0, 0], [0, 512, 512]),
    )
    run = VLLM.serve(requests, WORKLOAD.cost)
    assert run.stays.cached.tolist() == [0, 512, 704, 512]
    assert beginnings_found(run) == [Beginning(0, 3 * 512, 3), Beginning(1, 704 - 512, 1)]
    chart = texts(cache_chart(ChartRequest(SCENE, SCENE.end, 130, 30, palette())))
    words = " ".join(" ".join(chart[-2:]).split())
    assert words.endswith("Found most: what R0 begins with, 2,048 tokens, 4 times.")


async def test_measure_goes_on_to_the_prefix_cache_where_there_is_something_to_find() -> None:
    async with on_stage(WORKLOAD, size=(120, 36)) as stage:
        await stage.press("4")
        assert "(m: KV memory)" in stage.seen()
        await stage.press("m")
        assert "(m: the prefix cache)" in stage.seen()
        await stage.press("m")
        assert "2,048 of 3,030 tokens found" in stage.seen()
        assert "(m: the largest prefixes)" in stage.seen()
        await stage.press("m")
        assert "what R0 begins with" in stage.seen()
        await stage.press("m")
        assert "slots at useful work" in stage.seen()


async def test_a_key_turns_it_off_and_on() -> None:
    async with on_stage(replace(WORKLOAD, strategies=(VLLM, Continuous(4)))) as stage:
        found = stage.scene.runs[0].stays.cached.sum()
        await stage.press("C")
        assert stage.notices == ["prefix caching: vLLM off"]
        assert not stage.scene.runs[0].stays.cached.any()
        assert "without prefix cache" in stage.seen()
        await stage.press("C")
        assert stage.scene.runs[0].stays.cached.sum() == found
        await stage.press("shift+tab", "C")
        assert stage.notices[0] == "continuous has no prefix cache"


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_list_longer_than_memory_is_forgotten_in_the_order_it_was_freed(
    asynchronous: bool,
) -> None:
    """Nobody uses the system prompt while others fill memory; then it has to be computed anew."""
    rows = ((0, 520, 2), (200, 520, 2), (400, 520, 2))
    engine = replace(VLLM, async_scheduling=asynchronous)
    found = sharing(*rows, strategies=(engine,), memory=34 * 16)
    assert engine.serve(found.requests, found.cost).stays.cached.tolist() == [0, SYSTEM, SYSTEM]
    between = found.requests.with_columns(stream=[0, -1, 0], stream_tokens=[SYSTEM, 0, SYSTEM])
    assert engine.serve(between, found.cost).stays.cached.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "name", ["live", "gantt", "utilization", "cache", "prefixes", "memory", "distribution"]
)
@pytest.mark.parametrize("at_end", [True, False])
def test_who_has_none_says_so_in_every_chart_beside_one_that_has(name: str, at_end: bool) -> None:
    """On a screen of 80x24, at the end and before."""
    scene = scene_of(load_workload("conversation"))
    request = ChartRequest(scene, scene.end if at_end else scene.end // 3, 80, 20, palette())
    assert "without prefix cache" in "\n".join(texts(SCENE_CHARTS[name].draw(request)))


def test_figures_of_the_result_cards_stand_side_by_side() -> None:
    scene = scene_of(load_workload("conversation"))
    ours, theirs = (texts(card_rows(scene, lane, 40, 14, palette())) for lane in (0, 1))
    means = [next(y for y, row in enumerate(card) if "mean" in row) for card in (ours, theirs)]
    assert means[0] == means[1]
    assert "without prefix cache" in "".join(theirs)
    assert "without prefix cache" not in "".join(ours)


def test_a_sweep_says_so_in_its_first_row_where_it_is_low() -> None:
    found = sweep(WORKLOAD, "load", [2, 4])
    drawn = texts(load_chart(SweepRequest(found, WORKLOAD, 80, 18, palette())))
    assert any("SGLang" in row and "without prefix cache" in row for row in drawn)


def test_json_and_csv_tell_who_has_none() -> None:
    comparison, found = compare(WORKLOAD), sweep(WORKLOAD, "load", [2])
    expected = {"vllm": False, "sglang": True}
    rows = comparison_rows(comparison)
    assert {row["strategy"]: row["without_prefix_cache"] for row in rows} == expected
    rows = sweep_rows(found)
    assert {row["strategy"]: row["without_prefix_cache"] for row in rows} == expected
    out = StringIO()
    write_comparison_json(comparison, out, each_request=False)
    runs = json.loads(out.getvalue())["runs"]
    assert {run["strategy"]: run["without_prefix_cache"] for run in runs} == expected


def test_the_csv_of_the_slowest_tells_who_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["slowest", "system-prompt", "--strategies", "vllm,sglang", "-n", "1", "--csv", "-"]
    assert main(asked) == 0
    rows = csv.DictReader(StringIO(capsys.readouterr().out))
    told = {row["strategy"]: row["without_prefix_cache"] for row in rows}
    assert told == {"vllm": "False", "sglang": "True"}


def test_the_slowest_requests_stand_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(["slowest", "conversation", "-n", "1"])
    titles = [row for row in capsys.readouterr().out.splitlines() if row.startswith("vLLM")]
    assert [row.endswith("without prefix cache") for row in titles] == [False, True]
