"""A few metrics alone, as a chapter shows them. After a change: look, then --snapshot-update."""

from __future__ import annotations

from pathlib import Path

from frozen import EACH_SIZE, Compare, at
from stage import EAGER, FakeWall

from tui_batching.config import Config
from tui_batching.tour import parse_deck
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.views import view_parts

DECK = parse_deck(
    """
    chapters:
      - title: The numbers
        text: [As bars.]
        workload: notebook
        strategies: [static, continuous]
        view: metrics
        show: [throughput, p99_itl]
    """,
    Path("talk.yaml"),
    view_parts(),
)


def presented(theme: str) -> BatchingApp:
    """The app with the talk, and a clock that stands still."""
    workload = DECK.chapters[0].workload
    app = BatchingApp(workload, Config(theme=theme), wall=FakeWall(), drawing=EAGER)
    app.present(DECK)
    return app


@EACH_SIZE
def test_dark(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(presented("dark"), terminal_size=size, run_before=at("0s"))


def test_light(snap_compare: Compare) -> None:
    assert snap_compare(presented("light"), terminal_size=(120, 36), run_before=at("0s"))
