"""The focus of a chapter: one strategy's lane or panel is bright while the others are dim."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color
from stage import Stage, on_stage, palette

from tui_batching.tour import parse_deck
from tui_batching.tui.views import VIEWS, view_parts

WITH_PANELS = [view.named() for view in VIEWS if view.has_panels]
NAMES = ("static", "dynamic", "continuous")


def inks_of_titles(stage: Stage) -> dict[str, list[Color]]:
    """The colours of the cells that begin a lane or a panel, by its strategy."""
    found: dict[str, list[Color]] = {}
    for strip in stage.app.screen._compositor.render_strips():
        for text, style, _ in strip:
            for name in NAMES:
                if name.upper() in text and style is not None and style.color is not None:
                    found.setdefault(name, []).append(style.color)
    return found


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
@pytest.mark.parametrize("view", WITH_PANELS)
async def test_the_others_are_dim_in_every_view_with_panels(
    view: str, size: tuple[int, int]
) -> None:
    text = f"""\
chapters:
  - {{title: One, text: Look., workload: notebook, view: {view}, at: 2s, focus: dynamic}}
  - {{title: All, text: Look., view: {view}, at: 2s}}
"""
    deck = parse_deck(text, Path("talk.yaml"), view_parts())
    async with on_stage(deck.chapters[0].workload, deck=deck, size=size) as stage:
        colours = {name: palette().strategy(name) for name in NAMES}
        inks = inks_of_titles(stage)
        assert set(inks) == set(NAMES)
        assert set(inks["dynamic"]) == {colours["dynamic"]}
        assert colours["static"] not in inks["static"]
        assert colours["continuous"] not in inks["continuous"]
        seen = stage.seen()
        await stage.press("pagedown")
        for name, found in inks_of_titles(stage).items():
            assert set(found) == {colours[name]}
        rows = stage.seen().splitlines()[-20:-4]
        assert rows == seen.splitlines()[-20:-4]  # no sign has changed
