"""A keymap: other keys wherever keys are told or pressed, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage, on_stage

from tui_batching.charts.rows import text_of
from tui_batching.config import Config, parse_config
from tui_batching.errors import InputError
from tui_batching.tui.bars import tab_row
from tui_batching.tui.bindings import KEYS, KeyTable
from tui_batching.tui.key_names import textual_name, written
from tui_batching.tui.keymap import remapped
from tui_batching.tui.views import VIEWS

KEYMAP = """\
keys:
  step: [F6, ctrl+n]
  step-back: ";"
  help: H
  export: N
  view-gantt: é
  new-seed: none
  memory-halve: i
"""


def config(text: str = KEYMAP) -> Config:
    return parse_config(text, Path("config.yaml"))


def table(text: str = KEYMAP) -> KeyTable:
    keymap = config(text).keys
    assert keymap is not None
    return remapped(KEYS, keymap)


def refused(text: str) -> str:
    with pytest.raises(InputError) as told:
        table(f"keys:\n  {text}")
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("n", "n", "n"),
        ("N", "N", "N"),
        ("shift+n", "N", "N"),
        ("Ctrl+N", "ctrl+n", "ctrl+n"),
        ("[", "left_square_bracket", "["),
        ("left_square_bracket", "left_square_bracket", "["),
        (",", "comma", ","),
        ("+", "plus", "+"),
        ("ctrl++", "ctrl+plus", "ctrl++"),
        ("ü", "ü", "ü"),
        ("§", "section_sign", "§"),
        ("f6", "f6", "F6"),
        ("PageDown", "pagedown", "pgdn"),
        ("pgdn", "pagedown", "pgdn"),
        ("esc", "escape", "esc"),
        ("→", "right", "→"),
        ("shift+ctrl+left", "ctrl+shift+left", "ctrl+⇧←"),
        ("⇧tab", "shift+tab", "⇧tab"),
        ("alt+x", "alt+x", "alt+x"),
        ("ctrl+i", "tab", "tab"),
        ("ctrl+m", "enter", "enter"),
    ],
)
def test_keys_are_read_as_users_write_them(text: str, name: str, shown: str) -> None:
    assert textual_name(text) == name
    assert written(name) == shown


@pytest.mark.parametrize(
    "text",
    ["", " ", "spacebar", "ab", "ctrl", "ctrl+", "foo+a", "shift+1", "f25", "\x1b", "a+", "<any>"],
)
def test_what_is_no_key_is_seen(text: str) -> None:
    assert textual_name(text) is None


def test_only_what_the_keymap_names_changes() -> None:
    changed = {key.id: key.keys for key, old in zip(table(), KEYS, strict=True) if key != old}
    assert changed == {
        "step": "f6,ctrl+n",
        "step-back": "semicolon",
        "help": "H",
        "export": "N",
        "view-gantt": "é",
        "new-seed": "",
        "memory-halve": "i",
    }
    assert KEYS.called("step").keys == "right,l", "the table itself stays"


async def pressed(stage: Stage, *keys: str) -> str:
    """What is seen after some keys."""
    await stage.press(*keys)
    return stage.seen()


async def test_the_keys_of_a_keymap_act_and_those_before_do_not() -> None:
    async with on_stage(config=config()) as stage:
        await pressed(stage, "right", "l")
        assert stage.clock == 0
        await pressed(stage, "f6", "ctrl+n", "ctrl+n")
        assert stage.clock > 0
        await pressed(stage, "semicolon", "semicolon", "semicolon")
        assert stage.clock == 0
        await pressed(stage, "n")
        assert "seed 42" in stage.rows()[0]
        await pressed(stage, "2")
        assert stage.live.seen == "live"
        await pressed(stage, "é")
        assert stage.live.seen == "gantt"


async def test_footer_tabs_help_and_palette_tell_the_keys_of_a_keymap() -> None:
    async with on_stage(size=(160, 45), config=config()) as stage:
        assert ";/F6 step" in stage.rows()[-1]
        assert "H help" in stage.rows()[-1]
        assert "1 Live   é Gantt   3 Slots" in stage.rows()[1]
        told = await pressed(stage, "H")
        assert "F6 ctrl+n  Step " in told
        await stage.press("H")
        assert stage.app.screen is stage.live, "the key that opens the help closes it"
        await pressed(stage, "ctrl+p", *"new seed")
        await stage.until(lambda: "Draw other requests" in stage.seen())
        await stage.press("enter")
        await stage.until(lambda: "seed 43" in stage.rows()[0])


async def test_a_dialog_is_closed_by_the_key_that_opens_it() -> None:
    async with on_stage(config=config()) as stage:
        await stage.pilot.press("N")
        await stage.opened()
        await stage.press("x")
        assert stage.app.screen is not stage.live
        await stage.press("N")
        assert stage.app.screen is stage.live


def test_a_view_without_a_key_has_its_tab() -> None:
    free = table("keys: {view-gantt: none}")
    row = text_of(tab_row(VIEWS, "gantt", 140, free, Config().palettes["dark"]))
    assert "1 Live   Gantt   3 Slots" in row


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stpe: n", "config.yaml:2: keys: found the unknown key 'stpe', expected one of play, "),
        ("stpe: n", "(did you mean 'step'?)"),
        ("step: [right, n]", "config.yaml:2: keys.step[1]: found 'n', the key of new-seed, "),
        ("step: N\n  step: P", "config.yaml:3: keys.step: found the key a second time"),
        ("step: N\n  leap: N", "config.yaml:3: keys.leap: found 'N', the key of step, expected"),
        ("step: N\n  leap: shift+n", "config.yaml:3: keys.leap: found 'shift+n', the key of step"),
        ("step: ctrl+i", "config.yaml:2: keys.step: found 'ctrl+i', the key of focus-lane, "),
        ("step: [N, N]", "keys.step[1]: found 'N' a second time, expected each key once"),
        ("step: spcae", "keys.step: found 'spcae', expected a key such as n, [, f5, pagedown or "),
        ("step: spcae", "(did you mean 'space'?)"),
        ("step: ctrl+p", "found 'ctrl+p', which opens the command palette, expected another key"),
        ("step: ctrl+q", "found 'ctrl+q', which quits"),
        ("step:", "keys.step: found '', expected a key"),
        ("step: []", "keys.step: found an empty list"),
        ("step: {right: n}", "keys.step: found a mapping, expected a key"),
        ("- step", "config.yaml:2: keys: found a list, expected a mapping with play, "),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(text: str, sentence: str) -> None:
    assert sentence in refused(text)


def test_a_key_is_free_when_its_owner_takes_another() -> None:
    keys = table("keys: {step: n, new-seed: right}")
    assert (keys.called("step").keys, keys.called("new-seed").keys) == ("n", "right")
