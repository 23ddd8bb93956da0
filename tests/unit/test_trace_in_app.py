"""The app on a recorded trace: every view, at two sizes."""

from __future__ import annotations

from pathlib import Path

from stage import on_stage

from tui_batching.clock import SECOND
from tui_batching.tui.views import VIEWS
from tui_batching.workload import load_workload


def azure(folder: Path, rows: int) -> Path:
    """A made-up trace in Azure's format: one request a second, with no newline at the end."""
    lines = [
        f"2023-11-16 18:{at // 60:02}:{at % 60:02}.0000000,{20 + at % 50},{5 + at % 9}"
        for at in range(rows)
    ]
    file = folder / "service.csv"
    file.write_text("\r\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]))
    return file


async def test_every_view_shows_the_trace(tmp_path: Path) -> None:
    workload = load_workload(azure(tmp_path, 300))
    async with on_stage(workload, (160, 45)) as stage:
        assert stage.notices[0] == "service.csv: read 300 requests (Azure LLM inference CSV)"
        assert "service" in stage.rows()[0]
        await stage.seek(100 * SECOND)
        for view in VIEWS:
            await stage.press(view.key)
            for size in ((80, 24), (160, 45)):
                await stage.pilot.resize_terminal(*size)
                await stage.swept()
                assert isinstance(stage.live.view, view)
                assert sum(bool(row.strip()) for row in stage.rows()[2:-2]) >= 8, (view.key, size)
        await stage.press("1", "right")
        assert stage.clock > 100 * SECOND
