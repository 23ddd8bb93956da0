"""The focus of a chapter: one strategy's lane or panel is bright while the others are dim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color
from stage import Stage, on_stage, palette

from tui_batching.tour import Deck, parse_deck
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


def deck_with_a_focus() -> Deck:
    """A chapter about dynamic in each view, and after it the same of all."""
    chapters = "".join(
        f"""\
  - {{title: One, text: Look., workload: notebook, view: {view}, at: 2s, focus: dynamic}}
  - {{title: All, text: Look., view: {view}, at: 2s}}
"""
        for view in WITH_PANELS
    )
    return parse_deck(f"chapters:\n{chapters}", Path("talk.yaml"), view_parts())


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_the_others_are_dim_in_every_view_with_panels(size: tuple[int, int]) -> None:
    deck = deck_with_a_focus()
    colours = {name: palette().strategy(name) for name in NAMES}
    async with on_stage(deck.chapters[0].workload, deck=deck, size=size) as stage:
        for view in WITH_PANELS:
            await stage.drawn()
            inks = inks_of_titles(stage)
            assert set(inks) == set(NAMES), view
            assert set(inks["dynamic"]) == {colours["dynamic"]}, view
            assert colours["static"] not in inks["static"], view
            assert colours["continuous"] not in inks["continuous"], view
            seen = stage.rows()
            await stage.press("pagedown")
            await stage.drawn()
            for name, found in inks_of_titles(stage).items():
                assert set(found) == {colours[name]}, view
            pairs = list(zip(seen, stage.rows(), strict=True))[-20:-4]
            for before, now in pairs:  # no sign has changed but that of the focus
                assert before == now or "{" in before, view
            await stage.press("pagedown")


def names_in_focus(stage: Stage) -> set[str]:
    """The names that stand in the sign of focus, anywhere on screen."""
    return set(re.findall(r"\{([A-Za-z0-9-]+)\}", stage.seen()))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 45)])
async def test_the_lane_in_focus_has_a_sign_that_needs_no_colour(size: tuple[int, int]) -> None:
    deck = deck_with_a_focus()
    async with on_stage(deck.chapters[0].workload, deck=deck, size=size) as stage:
        for view in WITH_PANELS:
            for names in ({"DYNAMIC"}, set[str]()):
                await stage.drawn()
                assert names_in_focus(stage) == names, view
                await stage.press("pagedown")


@pytest.mark.parametrize("workload", ["tight-memory", "cache-thrash"])
async def test_further_panels_of_utilization_have_the_sign(workload: str) -> None:
    text = f"""\
chapters:
  - {{title: One, text: Look., workload: {workload}, view: utilization, at: 1s, focus: vllm}}
"""
    deck = parse_deck(text, Path("talk.yaml"), view_parts())
    async with on_stage(deck.chapters[0].workload, deck=deck, size=(120, 36)) as stage:
        for _ in range(4):
            await stage.drawn()
            assert names_in_focus(stage) == {"vLLM"}
            await stage.press("m")


async def test_one_lane_alone_is_in_focus_where_tab_leaves_that_of_the_chapter() -> None:
    text = "chapters: [{title: One, text: Look., workload: notebook, at: 2s, focus: dynamic}]"
    deck = parse_deck(text, Path("talk.yaml"), view_parts())
    async with on_stage(deck.chapters[0].workload, deck=deck, size=(120, 36)) as stage:
        await stage.press("tab")
        assert names_in_focus(stage) == {"STATIC"}
        assert palette().strategy("static") in inks_of_titles(stage)["static"]
        assert palette().strategy("dynamic") not in inks_of_titles(stage)["dynamic"]
        await stage.press("escape")
        assert names_in_focus(stage) == {"DYNAMIC"}


async def test_the_sign_is_told_in_the_legends_and_in_the_help() -> None:
    async with on_stage("notebook", (120, 36)) as stage:
        await stage.press("tab")
        assert "{} in focus" in stage.rows()[-3]
        await stage.pilot.press("question_mark")
        await stage.opened()
        assert "{STATIC} in focus" in stage.seen()
