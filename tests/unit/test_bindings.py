"""The keys: complete, described, bound once, and the same in the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_batching.tui.app import BatchingApp
from tui_batching.tui.bindings import KEYS, Key
from tui_batching.tui.key_names import textual_name, written
from tui_batching.tui.main_screen import MainScreen

README = Path(__file__).parents[2] / "README.md"
EACH_KEY = pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)


def all_keys() -> list[str]:
    return [name for key in KEYS if key.keys for name in key.keys.split(",")]


def test_no_key_is_bound_twice() -> None:
    assert len(set(all_keys())) == len(all_keys())


def test_ids_names_and_help_texts_are_unique() -> None:
    for attribute in ("id", "name", "help_text", "action"):
        values = [getattr(key, attribute) for key in KEYS]
        assert len(set(values)) == len(values), attribute


@EACH_KEY
def test_a_key_is_described_in_a_whole_sentence(key: Key) -> None:
    assert key.name[0].isupper()
    assert key.help_text[0].isupper()
    assert key.help_text.endswith(".")
    assert len(key.help_text) <= 90


@pytest.mark.parametrize("name", all_keys())
def test_a_key_can_be_written_as_it_is_shown(name: str) -> None:
    assert textual_name(name) == name
    shown = written(name)
    assert len(shown) == 1 or shown.isalnum() or "ctrl+" in shown or "⇧" in shown
    assert written(textual_name(shown) or "") == shown


@EACH_KEY
def test_the_action_of_a_key_exists(key: Key) -> None:
    action = key.action.partition("(")[0].removeprefix("app.")
    owner = BatchingApp if key.action.startswith("app.") else MainScreen
    assert callable(getattr(owner, f"action_{action}", None))


def test_every_key_is_bound_as_it_is_described() -> None:
    bound = {binding.id: binding for binding in KEYS.bindings()}
    pressed = [key for key in KEYS if key.keys]  # the palette has the others
    assert list(bound) == [key.id for key in pressed]
    for key in pressed:
        binding = bound[key.id]
        assert (binding.key, binding.action) == (key.keys, key.action)
        assert (binding.description, binding.tooltip) == (key.name, key.help_text)
        assert binding.key_display == key.written()[0]


def test_every_key_that_was_promised_is_there() -> None:
    asked = "space right left l h shift+right shift+left home end minus plus full_stop comma "
    asked += "left_square_bracket right_square_bracket left_curly_bracket right_curly_bracket "
    asked += "left_parenthesis right_parenthesis "
    asked += "less_than_sign greater_than_sign n r w tab t question_mark q"
    assert set(asked.split()) <= set(all_keys())


def test_the_readme_has_this_very_table() -> None:
    if not README.exists():
        pytest.skip("README.md is not written yet")
    assert KEYS.in_markdown() in README.read_text(encoding="utf-8")


def test_the_table_survives_markdown() -> None:
    header, rule, *rows = KEYS.in_markdown().splitlines()
    assert rule.count("|") == header.count("|") == 4
    assert [row.count("|") for row in rows] == [4] * len(list(KEYS))
