"""A chapter that shows only parts of its view: what the room sees, and how all of it comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stage import Stage, on_stage

from tui_batching.analysis.metrics import METRICS_BY_NAME
from tui_batching.charts.big_letters import big_number
from tui_batching.charts.rows import FULL
from tui_batching.errors import InputError
from tui_batching.tour import Deck, parse_deck
from tui_batching.tui.views import view_parts

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)], ids=str)


def talk(*chapters: str) -> Deck:
    lines = "\n".join(f"  - {{title: A, text: b, {chapter}}}" for chapter in chapters)
    return parse_deck(f"chapters:\n{lines}", Path("talk.yaml"), view_parts())


async def seen(stage: Stage, *keys: str) -> str:
    await stage.press(*keys)
    await stage.swept()
    return stage.seen()


NOTEBOOK = "workload: notebook, strategies: [static, continuous]"
LIVE = f"{NOTEBOOK}, at: 2.5s"


@SIZES
async def test_live_shows_the_lanes_and_what_else_is_asked_for(size: tuple[int, int]) -> None:
    deck = talk(f"{LIVE}, show: lanes", f"{LIVE}, show: [lanes, reasons]", f"{LIVE}, show: [race]")
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        lanes = await seen(stage)
        assert "STATIC" in lanes
        assert "queue 7" in lanes
        assert not any(word in lanes for word in ("THE RACE", "waits 1.26 s", "useful", "latency"))
        reasons = await seen(stage, "pagedown")
        assert "R4 waits 1.26 s" in reasons
        assert "THE RACE" not in reasons
        race = await seen(stage, "pagedown")
        assert "STATIC" in race
        assert "THE RACE" in race


@SIZES
async def test_the_reader_of_the_selected_request_can_stand_without_reasons(
    size: tuple[int, int],
) -> None:
    deck = talk(f"{LIVE}, select: 3, show: [lanes, reader]")
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        text = await seen(stage)
        assert re.search(r"stat\w* +R3 \S+ m?s so far +its reader sees: \(nothing yet", text)
        assert re.search(r"cont\w* +R3 \S+ m?s so far +its reader sees: … ", text)
        assert "decode" not in text.splitlines()[-4]
        assert "by cause" not in text


async def test_slots_are_higher_where_there_is_nothing_else() -> None:
    deck = talk(f"{LIVE}, show: lanes", LIVE)
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        rows = [
            sum(FULL * 4 in row for row in (await seen(stage, *keys)).splitlines())
            for keys in ((), ("pagedown",))
        ]
    assert rows[0] >= 1.5 * rows[1] > 0


async def test_the_key_of_a_view_shows_all_of_it_and_the_next_chapter_what_it_asks_for() -> None:
    deck = talk(f"{LIVE}, show: lanes", f"{NOTEBOOK}, view: metrics, show: mean_ttft")
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        assert "THE RACE" not in await seen(stage)
        assert "THE RACE" in await seen(stage, "1")
        assert "Time per output token" not in await seen(stage, "pagedown")
        assert "Time per output token" in await seen(stage, "5")
        assert "THE RACE" in await seen(stage, "1")
        assert "THE RACE" not in await seen(stage, "pageup")
        assert "THE RACE" in await seen(stage, "escape", "enter")  # as it was before the talk


@SIZES
async def test_metrics_are_bars_in_the_order_asked_for(size: tuple[int, int]) -> None:
    asked = "show: [mean_tpot, throughput]"
    deck = talk(f"{NOTEBOOK}, view: metrics, {asked}")
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        text = await seen(stage)
        order = [text.index(word) for word in ("Time per output token (TPOT) · mean", "Throughput")]
        assert order == sorted(order)
        assert all(line in text for line in big_number("31.2"))
        best = next(row for row in text[order[1] :].splitlines() if "C continuous" in row)
        assert "★" in best
        assert "first token" not in text
        high = sum(FULL * 9 in row for row in text.splitlines())
        assert high >= (12 if size == (80, 24) else 20)  # four bars share the height that is there


async def test_the_parts_of_the_latency_can_stand_alone() -> None:
    deck = talk("workload: rag, strategies: [static, continuous], view: metrics, show: parts")
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        text = await seen(stage)
        assert "Where the mean latency went" in text
        assert "sharing" in text
        assert "Throughput" not in text


async def test_a_sweep_shows_the_metrics_asked_for() -> None:
    deck = talk("workload: notebook, strategies: [static], view: load, show: [p99_latency]")
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        text = await seen(stage)
        assert "p99 latency" in text
        assert "throughput" not in text


METRIC_VIEWS = ("metrics", "load", "gantt")
"""Views of which metrics can be asked for."""


@pytest.mark.parametrize("view", METRIC_VIEWS)
async def test_a_mean_or_median_is_shown_by_either_word(view: str) -> None:
    titles = {"mean_latency": "mean", "median_latency": "p50", "avg_ttft": "TTFT"}
    both = [name for spelled in titles for name in (spelled, METRICS_BY_NAME[spelled].name)]
    deck = talk(*(f"{NOTEBOOK}, view: {view}, at: end, show: {name}" for name in both))
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        for number, (spelled, title) in enumerate(titles.items()):
            told = await shown_in(stage, 2 * number)
            own = await shown_in(stage, 2 * number + 1)
            assert told == own, spelled
            assert title in told or "median" in told, spelled


async def shown_in(stage: Stage, chapter: int) -> str:
    """What is seen in a chapter, without its number and what else tells where the talk is."""
    stage.live.presenter.jump(chapter)
    text = await seen(stage)
    region = stage.live.presenter.region
    rows = [
        row[: region.x] + row[region.right :] if region.y <= y < region.bottom else row
        for y, row in enumerate(text.splitlines()[:-1])
    ]
    return "\n".join(rows)


def test_whatever_a_text_can_tell_of_a_run_can_be_shown() -> None:
    for name in METRICS_BY_NAME:
        deck = talk(
            *(f"{NOTEBOOK}, view: {view}, show: {name}" for view in METRIC_VIEWS),
            f"{NOTEBOOK}, slide: '{{static.{name}}}'",
        )
        assert deck.chapters[0].show == (name,)


@pytest.mark.parametrize("view", METRIC_VIEWS)
def test_a_metric_that_is_misspelt_brings_the_nearest_names(view: str) -> None:
    with pytest.raises(InputError, match=rf"a part of the view {view} \(did you mean 'mean_lat"):
        talk(f"{NOTEBOOK}, view: {view}, show: mean_latenci")
