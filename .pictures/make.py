"""Draws the README's pictures from the real app: `.venv/bin/python .pictures/make.py`.

The moving one takes `pip install '.[pictures]'` and the font DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from blocks import with_filled_blocks
from moving import draw_moving

from tui_batching.clock import parse_duration
from tui_batching.config import Config
from tui_batching.tour import load_deck
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.main_screen import MainScreen
from tui_batching.tui.panes import DrawnPane
from tui_batching.tui.recorder import Take, record
from tui_batching.tui.timeline import Timeline
from tui_batching.tui.views import view_parts
from tui_batching.workload import load_workload

FOLDER = Path(__file__).parent
_LOGS = FOLDER.parents[1] / "shared" / "serving-logs"
_LOG = _LOGS / "vllm-rtxpro6000-llama-3.1-8b" / "requests.jsonl"
"""Of a real server, beside this checkout; the README tells where it is published."""


async def draw(  # noqa: PLR0913, PLR0917 - what is seen, and how one gets there
    name: str, theme: str, workload: str, instant: str, keys: list[str], chapter: str = ""
) -> None:
    """Save what the app shows of a workload at an instant, after some keys; or of a chapter."""
    app = BatchingApp(load_workload(workload), Config(theme=theme))
    if chapter:
        deck = load_deck(None, view_parts(), KEYS.signs())
        titles = [each.title for each in deck.chapters]
        app.present(deck, titles.index(chapter), tells_notes=False)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        while screen.scene is None:
            await pilot.pause(0.05)
        for key in keys:
            await pilot.press(key)
            while _busy(app):
                await pilot.pause(0.05)
        screen.post_message(Timeline.Scrubbed(parse_duration(instant)))
        await pilot.pause()
        while _busy(app):
            await pilot.pause(0.2)
        picture = with_filled_blocks(app.export_screenshot())
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


def _busy(app: BatchingApp) -> bool:
    """Whether something is simulated, swept or drawn."""
    return any(not worker.is_finished for worker in app.workers) or any(
        pane.drawing for pane in app.screen.query(DrawnPane)
    )


def draw_the_moving_one() -> None:
    """Save what `record illustrative --speed 0.2 --seconds 14` plays."""
    take = Take(load_workload("illustrative"), "", size=(100, 30), seconds=14, speed=0.2)
    events: list[tuple[float, str]] = []
    record(take, lambda *event: events.append(event), lambda *_: None)
    draw_moving(events, take.size, FOLDER / "moving.webp")


async def draw_the_others() -> None:
    """Save all that stand still."""
    await draw("gantt", "dark", "notebook", "6.4s", ["2"])
    await draw("slots", "dark", "illustrative", "0.8s", ["3"])
    await draw("load", "light", "chat", "20s", ["6"])
    await draw("selected", "light", "mixed-lengths", "25s", ["down"] * 25)
    await draw("engines", "dark", "long-prompt", "0.2s", [])
    await draw("cache", "dark", "conversation", "22.83s", [])
    await draw("tour", "dark", "notebook", "2.5s", ["space"], chapter="Static: all leave together")
    if _LOG.exists():
        await draw("measured", "dark", str(_LOG), "59s", ["2", *["pagedown"] * 14])
    else:
        print(f"measured.svg stays as it is: {_LOG} is not there")


if __name__ == "__main__":
    draw_the_moving_one()
    asyncio.run(draw_the_others())
