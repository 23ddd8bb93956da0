"""Presenting: through the whole tour by its keys, forwards, backwards, and out of it again."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event

import pytest
from stage import MS, Stage, on_stage
from tour import COUNT, STATIC, TOUR

from tui_batching.analysis.scene import Scene
from tui_batching.clock import SECOND
from tui_batching.config import parse_config
from tui_batching.tour import Chapter, Deck, parse_deck
from tui_batching.tour.values import told as values_told
from tui_batching.tui import simulator
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.presenting.screens import BlackScreen
from tui_batching.tui.views import VIEWS, view_names, view_parts
from tui_batching.tui.views.live import LiveView
from tui_batching.tui.views.scrolled import MetricsView
from tui_batching.workload import Workload

SHORT = """\
title: A short talk
chapters:
  - {title: One, text: The first text., workload: illustrative, at: 0.3s, play: true, speed: 2}
  - {title: Two, text: The second text., set: {batch_size: 2}, at: 0.5s, select: 3}
  - {title: Three, text: The third text., workload: notebook, set: {dynamic.timeout: 1s}, at: end}
"""


def short_talk(folder: Path, text: str = SHORT) -> Deck:
    return parse_deck(text, folder / "talk.yaml", view_parts())


def talk(stage: Stage) -> Presenter:
    return stage.live.query_one(Presenter)


def _as_told(text: str, stage: Stage) -> str:
    return " ".join(values_told(text, stage.scene.comparison, KEYS.signs()).split())


def assert_on_stage(stage: Stage, chapter: Chapter, number: int) -> None:
    """Everything is as the chapter says."""
    live, player = stage.live, stage.live._player
    text = stage.told()
    assert re.search(rf"(?<!\d){number}(?:/\d+|\b)", text)
    for paragraph in (*chapter.text, *((chapter.title,) if not chapter.slide else ())):
        assert _as_told(paragraph, stage) in text
    assert live.scene.workload.name == chapter.workload.name
    assert live.view.named() == chapter.view
    assert (live.view.region.area > 0) is not bool(chapter.slide)
    assert (player.speed, player.playing) == (chapter.speed, chapter.play)
    assert player.time == min(chapter.at, stage.scene.end)
    assert live.selected == chapter.select  # the bundled workloads number from zero
    assert live.focused is None


async def test_the_whole_tour_forwards_and_backwards() -> None:
    async with on_stage(TOUR.chapters[0].workload, (80, 24), deck=TOUR) as stage:
        for number, chapter in enumerate(TOUR.talk, start=1):
            assert_on_stage(stage, chapter, number)
            await stage.press("pagedown")
        assert_on_stage(stage, TOUR.talk[-1], COUNT)  # there is no further one
        for number, chapter in reversed(list(enumerate(TOUR.talk, start=1))):
            assert_on_stage(stage, chapter, number)
            await stage.press("pageup")
        assert_on_stage(stage, TOUR.chapters[0], 1)


async def test_those_for_questions_are_picked_and_turning_back_comes_to_the_end_of_the_talk() -> (
    None
):
    questions = list(enumerate(TOUR.chapters, start=1))[COUNT:]
    async with on_stage(TOUR.chapters[0].workload, (80, 24), deck=TOUR) as stage:
        stage.live.presenter.jump(COUNT - 1)
        await stage.press("pagedown", "c")
        await stage.until(
            lambda: questions[0][1].title in stage.seen()
        )  # behind the end of the talk
        await stage.press("down", "enter")
        for number, chapter in questions:
            assert_on_stage(stage, chapter, number)
            await stage.press("pagedown")
        assert_on_stage(stage, TOUR.chapters[-1], len(TOUR.chapters))  # there is no further one
        await stage.press(*["pageup"] * len(questions))
        assert_on_stage(stage, TOUR.talk[-1], COUNT)


async def test_whatever_a_chapter_shows_the_keys_do_what_they_always_do() -> None:
    """In the first chapter of each view; slides have no stage."""
    views = [chapter.view for chapter in TOUR.talk]
    firsts = [
        each
        for each in TOUR.talk
        if not each.slide and TOUR.talk.index(each) == views.index(each.view)
    ]
    async with on_stage(TOUR.chapters[0].workload, (120, 32), deck=TOUR) as stage:
        for chapter in firsts:
            number = TOUR.talk.index(chapter) + 1
            stage.live.presenter.jump(number - 1)
            await stage.swept()
            assert_on_stage(stage, chapter, number)
            before, speed = stage.scene.runs[0].slots, stage.live._player.speed
            await stage.press("1", "home", "right", "right_square_bracket", "plus", "j", "tab")
            assert isinstance(stage.live.view, LiveView)
            assert 0 < stage.live._player.time < stage.scene.end
            assert not stage.live._player.playing
            assert stage.scene.runs[0].slots > before
            assert stage.live._player.speed > speed
            assert stage.live.selected not in (None, chapter.select)
            assert chapter.title in stage.told()


async def test_pages_in_quick_succession_end_at_the_right_chapter() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.pilot.press(*["pagedown"] * 8, "pageup", "pagedown")
        await stage.settled()
        assert_on_stage(stage, TOUR.chapters[8], 9)


async def test_the_next_chapter_is_simulated_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    build = simulator.build_scene

    def noted(workload: Workload, *others: object) -> Scene:
        built.append(f"{workload.name} {workload.strategies[0].batch_size}")
        return build(workload, *others)

    monkeypatch.setattr(simulator, "build_scene", noted)
    deck = short_talk(tmp_path)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        assert built == ["illustrative 4", "illustrative 2"]
        await stage.press("pagedown")
        assert stage.scene.runs[0].slots == 2
        for key in ("pagedown", "pageup", "pageup", "pagedown"):
            await stage.press(key)
        assert_on_stage(stage, deck.chapters[1], 2)
        assert built == ["illustrative 4", "illustrative 2", "notebook 4"]


async def test_a_parameter_turned_while_a_chapter_is_simulated_belongs_to_the_chapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = short_talk(tmp_path)
    go, build = Event(), simulator.build_scene
    go.set()
    monkeypatch.setattr(simulator, "build_scene", lambda *given: go.wait(20) and build(*given))
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        await stage.press("pagedown")
        go.clear()
        await stage.pilot.press("pagedown", "right_square_bracket")
        go.set()
        await stage.settled()
        assert stage.live.scene.workload.name == "notebook"
        assert stage.live._player.time == stage.scene.end
        assert stage.titles == [
            "STATIC batch 5", "DYNAMIC batch 5 · 1.00 s", "CONTINUOUS batch 5"
        ]  # fmt: skip


WIDE = [(110, 30), (120, 36), (160, 45)]


async def test_the_text_is_beside_the_view_or_above_it() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press(*["pagedown"] * (STATIC - 1))
        for size in (*WIDE, (80, 24), (100, 30), (60, 20)):
            await stage.pilot.resize_terminal(*size)
            await stage.settled()
            text, view = talk(stage).region, stage.live.view.region
            if size in WIDE:
                assert text.x == view.right >= 80, size
                assert (text.y, text.height) == (view.y, view.height), size
            else:
                assert (text.width, text.bottom) == (size[0], view.y), size
                assert view.height >= (10 if size == (60, 20) else size[1] / 2), size
            assert "They start together and end together." in stage.told(), size


async def test_what_was_on_stage_comes_back() -> None:
    async with on_stage("chat") as stage:
        await stage.press("right_square_bracket", "greater_than_sign", "plus", *["down"] * 4)
        await stage.seek(12 * SECOND)
        before = stage.live.snapshot
        for leave in (["p"], ["escape", "enter"]):
            await stage.press("p", "pagedown", "space", "left_square_bracket")
            assert stage.live.snapshot != before
            await stage.press("j", "escape", *leave)  # escape unselects first
            assert stage.live.snapshot == before
            assert stage.titles[0] == "STATIC batch 5"
            assert "4.00x" not in stage.rows()[0]
            assert talk(stage).region.area == 0
            assert "pgdn" not in stage.rows()[-1]


async def test_the_tour_goes_on_where_it_was_left() -> None:
    async with on_stage("chat") as stage:
        await stage.press("p", *["pagedown"] * 3, "p", "p")
        assert_on_stage(stage, TOUR.chapters[3], 4)


async def test_the_screen_is_black_until_a_key_is_pressed() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press(*["pagedown"] * (STATIC - 1))
        for key in ("b", "pagedown", "q", "escape", "space"):
            assert stage.live._player.playing
            clock = stage.live._player.time
            await stage.pilot.press("b")
            await stage.pilot.pause()
            assert isinstance(stage.app.screen, BlackScreen)
            assert not stage.seen().strip()
            assert stage.app.screen.styles.background.rgb == (0, 0, 0)
            stage.wall.now += 1
            stage.live._next_frame()
            await stage.press(key)
            assert stage.live._player.time == clock
            assert f"{STATIC}/{COUNT}" in stage.told()
            stage.wall.now += 0.25
            played = clock + round(250 * MS * TOUR.chapters[STATIC - 1].speed)
            await stage.until(lambda played=played: stage.live._player.time == played)


async def test_after_the_black_screen_a_paused_playhead_stays() -> None:
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        await stage.press(*["pagedown"] * (STATIC - 1), "space", "b", "b")
        assert not stage.live._player.playing
        assert talk(stage).is_on


async def test_where_no_tour_runs_pages_scroll_the_view_and_b_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages: list[int] = []
    monkeypatch.setattr(MetricsView, "scroll_pages", lambda _, count: pages.append(count))
    async with on_stage(view="5") as stage:
        await stage.press("pagedown", "pagedown", "pageup", "b")
        assert pages == [1, 1, -1]
        assert not isinstance(stage.app.screen, BlackScreen)
        await stage.press("p", "pagedown")
        assert pages == [1, 1, -1]
        assert f"2/{COUNT}" in stage.told()
        await stage.press("5", "J", "K")
        assert pages == [1, 1, -1, 1, -1]


async def test_the_table_is_computed_from_the_cost_on_stage(tmp_path: Path) -> None:
    deck = short_talk(tmp_path, """\
chapters:
  - title: One
    text: a
    workload: chat
    set: {cost.decode_step: 40ms, cost.per_extra_request: 10ms}
    table: step_time
""")  # fmt: skip
    for size in ((100, 30), (160, 45)):
        async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
            text = stage.told()
            for step, tokens in (("40.0 ms", 25), ("70.0 ms", 57), ("190 ms", 84)):
                assert step in text
                assert re.search(rf"\b{tokens}\b", text)


@pytest.mark.parametrize(("paragraphs", "size", "there"), [
    (1, (80, 24), True), (3, (80, 24), False), (3, (120, 36), True), (3, (80, 45), True),
])  # fmt: skip
async def test_a_table_of_words_takes_no_room_that_the_stage_needs(
    tmp_path: Path, paragraphs: int, size: tuple[int, int], there: bool
) -> None:
    text = [f"{'words, and more ' * 8}said"] * paragraphs
    deck = short_talk(tmp_path, f"""\
chapters:
  - title: One
    text: {text}
    workload: notebook
    table: [[server, memory], [Orca, reserved], [vLLM, paged]]
""")  # fmt: skip
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        told = stage.told()
        assert told.count("said") == paragraphs
        assert ("Orca reserved vLLM paged" in told) == there


async def test_a_chapter_that_cannot_be_simulated_is_told_before_its_turn(tmp_path: Path) -> None:
    (tmp_path / "endless.yaml").write_text(
        "requests: [{arrival_time: 2500h, input_tokens: 1000000000, output_tokens: 1}]"
    )
    deck = short_talk(tmp_path, SHORT.replace("workload: notebook", "workload: endless.yaml"))
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        assert not stage.notices
        await stage.press("pagedown")
        assert len(stage.notices) == 1
        assert stage.notices[0].startswith("the next chapter cannot be shown: ")
        await stage.press("right")
        assert "2/3" in stage.told()
        await stage.press("pagedown")
        assert "Three 3/3 The third text. cannot be shown: " in stage.told()
        assert not any(name in stage.seen() for name in ("STATIC", "illustrative"))
        await stage.press("pageup")
        assert_on_stage(stage, deck.chapters[1], 2)
        assert "cannot be shown" not in stage.seen()


async def test_where_notes_cannot_follow_the_talk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tui-batching").write_text("")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with on_stage(TOUR.chapters[0].workload, deck=TOUR) as stage:
        assert stage.notices[0].startswith("speaker notes cannot follow: ")
        await stage.press("pagedown")
        assert_on_stage(stage, TOUR.chapters[1], 2)
        assert len(stage.notices) == 1


def test_every_view_has_a_name_of_its_own() -> None:
    assert len(set(view_names())) == len(view_names()) == len(VIEWS)
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", name) for name in view_names())


async def test_a_text_names_the_keys_of_the_config_file(tmp_path: Path) -> None:
    text = "chapters: [{title: One, text: '{key.page} turns, {key.tick} does not.', workload: rag}]"
    deck = parse_deck(text, tmp_path / "talk.yaml", view_parts(), KEYS.signs())
    moved = parse_config("keys: {page: [n, pagedown], new-seed: N}", tmp_path / "config.yaml")
    for config, told in ((None, "pgdn turns, . does not."), (moved, "n turns, . does not.")):
        async with on_stage("rag", deck=deck, config=config) as stage:
            assert told in stage.told()


async def test_the_tour_that_the_app_begins_names_the_keys_of_the_config_file() -> None:
    moved = parse_config("keys: {page: [n, pagedown], new-seed: N}", Path("config.yaml"))
    async with on_stage("notebook", (160, 45), config=moved) as stage:
        await stage.press("p")
        await stage.until(lambda: "n turns the chapter, c lists them all" in stage.told())
