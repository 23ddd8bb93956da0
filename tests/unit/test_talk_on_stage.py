"""What the room sees in a talk: nothing of the chapter before, and no text that is not true."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from stage import MS, FakeWall, Stage, on_stage

from tui_batching.analysis.metrics import METRICS_BY_NAME, format_value
from tui_batching.analysis.sweeps import Plan, Sweep
from tui_batching.charts.rows import text_of
from tui_batching.clock import SECOND
from tui_batching.config import Config
from tui_batching.tour import Deck, parse_deck
from tui_batching.tour.values import told as values_told
from tui_batching.tui import panes, simulator, sweeper
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.panes import DrawnPane
from tui_batching.tui.presenting.presenter import Presenter
from tui_batching.tui.views import view_parts
from tui_batching.workload import load_workload

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)


def talk(folder: Path, chapters: str) -> Deck:
    return parse_deck(f"chapters:\n{chapters}", folder / "talk.yaml", view_parts())


def elsewhere(stage: Stage) -> str:
    """All that is on screen beside the text of the chapter and the keys."""
    region = stage.live.query_one(Presenter).region
    rows = [
        row[: region.x] + row[region.right :] if region.y <= y < region.bottom else row
        for y, row in enumerate(stage.rows()[:-1])
    ]
    return "\n".join(rows)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Event:
    """While it is not set, no simulation gets done."""
    gate, build = Event(), simulator.build_scene
    gate.set()
    monkeypatch.setattr(simulator, "build_scene", lambda *given: gate.wait(60) and build(*given))
    return gate


FOUR = """\
  - {title: One, text: a, workload: illustrative, at: 1s}
  - {title: Two, text: "p99 {static.p99_latency}", workload: notebook, at: 2s}
  - {title: Three, text: c, workload: chat, view: gantt, at: end}
  - {title: Four, text: d, workload: rag}
"""


@SIZES
async def test_until_a_chapter_is_simulated_nothing_of_the_one_before_is_seen(
    tmp_path: Path, gate: Event, size: tuple[int, int]
) -> None:
    deck = talk(tmp_path, FOUR)
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        await stage.press("pagedown")  # the third one is simulated ahead, the fourth is not
        assert "STATIC" in stage.seen()
        gate.clear()
        await stage.pilot.press("pagedown")
        await stage.until(lambda: "80 requests" in elsewhere(stage))
        await stage.pilot.press("pagedown")
        await stage.until(lambda: "Four" in stage.told())
        assert stage.told().startswith("Four 4/4 d")
        assert not elsewhere(stage).strip()
        await stage.pilot.press("space", "right")  # keys draw nothing of it, either
        await stage.pilot.pause()
        stage.live._next_frame()
        await stage.pilot.pause()
        assert not elsewhere(stage).strip()
        gate.set()
        await stage.settled()
        assert "60 requests" in elsewhere(stage)
        assert "STATIC" in elsewhere(stage)


async def test_values_wait_for_what_they_are_computed_from(tmp_path: Path, gate: Event) -> None:
    deck = talk(tmp_path, FOUR)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        gate.clear()
        await stage.press("c", "end")
        await stage.pilot.press("enter")
        await stage.until(lambda: "Four" in stage.told())
        await stage.pilot.press("pageup", "pageup")
        await stage.until(lambda: "Two" in stage.told())
        gate.set()
        await stage.settled()
        assert "p99 6.64 s" in stage.told()


async def test_a_chapter_that_was_passed_is_not_shown_when_it_is_simulated_at_last(
    tmp_path: Path, gate: Event
) -> None:
    deck = talk(tmp_path, FOUR)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        gate.clear()
        await stage.pilot.press("pagedown", "pagedown", "pagedown")
        await stage.until(lambda: "Four" in stage.told())
        gate.set()
        seen = []
        await stage.until(lambda: seen.append(elsewhere(stage)) or "60 requests" in seen[-1])
        assert not any(other in text for text in seen for other in (" 6 req", "20 req", "80 req"))


async def test_until_charts_are_drawn_their_panes_are_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, draw = Event(), panes.draw
    gate.set()
    monkeypatch.setattr(panes, "draw", lambda spec: gate.wait(60) and draw(spec))
    deck = talk(tmp_path, """\
  - {title: One, text: a, workload: notebook, at: 2s}
  - {title: Two, text: b, at: 5s}
""")  # fmt: skip
    async with on_stage(deck.chapters[0].workload, (120, 36), deck=deck) as stage:
        await stage.drawn()
        charts = [pane for pane in stage.live.query(DrawnPane) if pane.region.area]

        def drawn() -> list[bool]:
            return [any(text_of(row).strip() for row in pane._presented) for pane in charts]

        assert drawn() == [True, True]
        gate.clear()
        await stage.press("pagedown")
        assert stage.clock == 5 * SECOND
        assert drawn() == [False, False]
        gate.set()
        await stage.drawn()
        assert drawn() == [True, True]


async def test_until_a_sweep_is_made_none_of_the_chapter_before_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, run = Event(), sweeper.run_sweep
    gate.set()

    def slow(plan: Plan, *others: object) -> Sweep:
        gate.wait(60)
        return run(plan, *others)

    monkeypatch.setattr(sweeper, "run_sweep", slow)
    deck = talk(tmp_path, """\
  - {title: One, text: a, workload: illustrative, view: batch-size}
  - {title: Two, text: b, set: {dynamic.timeout: 1s}, view: batch-size}
""")  # fmt: skip
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        await stage.swept()
        assert "static" in elsewhere(stage)
        gate.clear()
        await stage.press("pagedown")
        await stage.until(lambda: "is being served" in elsewhere(stage))
        assert "static" not in elsewhere(stage)
        await stage.press("pageup")  # which is remembered
        await stage.drawn()
        assert "static" in elsewhere(stage)
        gate.set()


@SIZES
async def test_texts_follow_the_knobs_and_say_what_was_turned(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    deck = talk(tmp_path, """\
  - title: One
    text: ["Waits end after {static.p99_wait}.", "{static.batch_size} at a time."]
    workload: notebook
    at: end
  - {title: Two, text: b, set: {batch_size: 8}}
""")  # fmt: skip
    metric = METRICS_BY_NAME["p99_wait"]
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        seen = []
        for keys in ((), ("right_square_bracket",), ("left_square_bracket",)):
            await stage.press(*keys)
            wait = format_value(metric, stage.scene.comparison["static"].metrics["p99_wait"])
            batch = stage.scene.runs[0].slots
            assert f"Waits end after {wait}. {batch} at a time." in stage.told()
            seen.append(stage.told().partition("time.")[2].strip())
        assert seen == ["", "changed: batch 5", ""]
        await stage.press("right_square_bracket", "5")
        assert wait != format_value(metric, stage.scene.comparison["static"].metrics["p99_wait"])
        await stage.press("pagedown")
        assert stage.told() == "Two 2/2 b"
        await stage.press("tab", "left_square_bracket")
        assert stage.told() == "Two 2/2 b changed: static batch 7"


async def test_another_workload_is_said_to_be_on_stage(tmp_path: Path) -> None:
    text = "'{R15.output_tokens} tokens'"
    deck = talk(tmp_path, f"  - {{title: One, text: {text}, workload: notebook}}\n")
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        await stage.press("w", "down", "enter")
        assert stage.told() == "One 1/1 – tokens changed: workload illustrative"


async def test_it_stops_where_the_chapter_says_and_space_plays_on(tmp_path: Path) -> None:
    chapters = "  - {title: One, text: a, workload: notebook, at: 1s, until: 1.2s, speed: 1}\n"
    deck = talk(tmp_path, chapters)
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        assert "playing" in stage.rows()[0]
        stage.wall.now += 5
        await stage.until(lambda: stage.clock == 1200 * MS)
        assert "PAUSED" in stage.rows()[0]
        await stage.press("space")
        stage.wall.now += 0.5
        await stage.until(lambda: stage.clock == 1700 * MS)


@SIZES
async def test_once_it_has_stopped_another_text_stands_in_the_same_place(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    deck = talk(tmp_path, """\
  - title: One
    text: Watch R0.
    then: ["R0 was first.", "It took {static.R0.latency}.", "Of that it waited."]
    workload: notebook
    at: 1s
    until: 1.2s
    speed: 1
    table: step_time
  - {title: Two, text: b}
""")  # fmt: skip
    before, table = "One 1/2 Watch R0.", "batch"
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:

        def sides() -> tuple[str, int, int]:
            """The text, the rows of the view, and the row in which the table begins."""
            text, _, _ = stage.told().partition(f" {table} ")
            left = stage.live.query_one(Presenter).region.x
            begins = [row[left:].lstrip().startswith(f"{table} ") for row in stage.rows()]
            return text, stage.live.view.region.height, begins.index(True)

        text, *room = sides()
        assert text == before
        stage.wall.now += 0.1
        await stage.until(lambda: stage.clock == 1100 * MS)
        assert sides() == (before, *room)
        stage.wall.now += 5
        await stage.until(lambda: stage.clock == 1200 * MS)
        latency = values_told("{static.R0.latency}", stage.scene.comparison, {})
        after = f"One 1/2 R0 was first. It took {latency}. Of that it waited."
        assert sides() == (after, *room)
        await stage.press("space")
        stage.wall.now += 0.5
        await stage.until(lambda: stage.clock == 1700 * MS)
        assert sides() == (after, *room)
        await stage.press("home")
        assert sides() == (before, *room)
        await stage.press("end")
        assert sides()[0] == after
        await stage.press("pagedown")
        assert stage.told() == "Two 2/2 b"
        await stage.press("pageup")
        assert sides() == (before, *room)


async def test_a_loop_goes_on_until_the_next_chapter_and_ends_with_the_tour(tmp_path: Path) -> None:
    deck = talk(tmp_path, """\
  - {title: One, text: a, workload: notebook, loop: [1s, 1.5s], speed: 1}
  - {title: Two, text: b, at: 1s, speed: 1, play: true}
""")  # fmt: skip
    async with on_stage(deck.chapters[0].workload, deck=deck) as stage:
        stage.wall.now += 10.25
        await stage.until(lambda: stage.clock == 1250 * MS)
        await stage.press("pagedown")
        stage.wall.now += 2
        await stage.until(lambda: stage.clock == 3 * SECOND)
        await stage.press("pageup", "p")
        player = stage.live._player
        assert (player.loop, player.until, player.time) == (None, None, 0)


async def test_the_focus_of_a_chapter_is_that_of_the_frame(tmp_path: Path) -> None:
    deck = talk(tmp_path, """\
  - {title: One, text: a, workload: notebook, focus: dynamic}
  - {title: Two, text: b}
""")  # fmt: skip

    def focus(stage: Stage) -> str | None:
        assert stage.live.frame is not None
        return stage.live.frame.focus

    async with on_stage("chat") as stage:
        assert focus(stage) is None
        stage.live.presenter.begin(deck, stage.live.snapshot)
        await stage.settled()
        assert focus(stage) == "dynamic"
        await stage.press("right_square_bracket")
        assert focus(stage) == "dynamic"
        await stage.press("pagedown")
        assert focus(stage) is None
        await stage.press("pageup", "w", "down", "enter")  # others may not be there
        assert focus(stage) is None
        await stage.press("pagedown", "pageup", "p")
        assert focus(stage) is None


async def test_a_lane_that_is_bright_is_seen(tmp_path: Path) -> None:
    last = load_workload("engines").strategies[-1].name
    deck = talk(tmp_path, f"  - {{title: One, text: a, workload: engines, focus: {last}}}\n")
    async with on_stage(deck.chapters[0].workload, (80, 24), deck=deck) as stage:
        lanes = stage.live._lanes
        assert lanes.has_more
        assert lanes.every[-1] in lanes.seen


SLIDE = """\
  - title: Welcome
    slide: "{workload.requests} ask"
    text: One GPU answers, with static.
    workload: notebook
  - {title: Stage, text: b, view: gantt}
"""


@SIZES
async def test_a_slide_hides_the_stage(tmp_path: Path, size: tuple[int, int]) -> None:
    deck = talk(tmp_path, SLIDE)
    async with on_stage(deck.chapters[0].workload, size, deck=deck) as stage:
        text = stage.seen()
        assert "One GPU answers, with static." in text
        assert "1/2" in text
        assert text.count("██") > 20
        assert not any(word in text for word in ("STATIC", "queue", "Gantt", "PAUSED", "━┃"))
        before = stage.live.snapshot
        await stage.press("5", "space", "right", "right_square_bracket", "plus", "j", "tab", "end")
        assert stage.live.snapshot == before
        assert "stage" not in stage.rows()[-1]
        assert not any(key in stage.rows()[-1] for key in ("space", "step", "batch", "tick"))
        assert "pgup/pgdn" in stage.rows()[-1]
        await stage.press("pagedown")
        assert "Stage 2/2" in stage.told()
        assert "PAUSED" in stage.rows()[0]
        assert stage.live.view.region.area > 0
        await stage.press("pageup")
        assert stage.seen() == text
        await stage.press("p")
        assert "STATIC" in stage.seen()


async def test_a_presentation_can_begin_with_a_later_chapter(tmp_path: Path) -> None:
    deck = talk(tmp_path, FOUR)
    app = BatchingApp(deck.chapters[1].workload, Config(theme="dark"), wall=FakeWall())
    app.present(deck, 1)
    async with app.run_test(size=(120, 32)) as pilot:
        stage = Stage(app, pilot, FakeWall())
        await stage.settled()
        assert stage.told().startswith("Two 2/4")
        assert stage.scene.workload.name == "notebook"
