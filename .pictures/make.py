"""Draws the README's pictures from the real app: `.venv/bin/python .pictures/make.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui_batching.clock import parse_duration
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.chart_pane import ChartPane
from tui_batching.tui.stage import Stage
from tui_batching.tui.timeline import Timeline
from tui_batching.workload import load_workload

FOLDER = Path(__file__).parent


async def draw(name: str, theme: str, workload: str, instant: str, keys: list[str]) -> None:
    """Save what the app shows of a workload at an instant, after some keys."""
    app = BatchingApp(load_workload(workload), theme)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, Stage)
        while screen.scene is None:
            await pilot.pause(0.05)
        for key in keys:
            await pilot.press(key)
            while any(worker.group == "simulate" for worker in app.workers):
                await pilot.pause(0.01)
        screen.post_message(Timeline.Scrubbed(parse_duration(instant)))
        await pilot.pause()
        while any(pane.drawing for pane in screen.query(ChartPane)):
            await pilot.pause(0.05)
        app.save_screenshot(f"{name}.svg", str(FOLDER))


async def main() -> None:
    """Draw all pictures."""
    await draw("live", "dark", "notebook", "4.5s", [])
    await draw("selected", "light", "mixed-lengths", "25s", ["down"] * 25)
    await draw("tour", "dark", "notebook", "2.3s", ["p", "pagedown", "pagedown", "space"])


if __name__ == "__main__":
    asyncio.run(main())
