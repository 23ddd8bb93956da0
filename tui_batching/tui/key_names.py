"""What keys are called: by Textual, and by those who read and write about them."""

from __future__ import annotations

from textual.binding import Binding
from textual.keys import REPLACED_KEYS, Keys, key_to_character

EXAMPLES = "n, [, f5, pagedown or ctrl+n"
"""Keys of all kinds, as a user may write them."""

_MODIFIERS = frozenset(("alt", "ctrl", "hyper", "meta", "shift", "super"))
_KEYPAD = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
"""The keypad of terminals that tell it apart (kitty's protocol); others send the signs alone."""
_WITHOUT_SIGN = frozenset(key.value for key in Keys if key.value.isalnum()) | _KEYPAD.keys()
"""The keys that make no character of their own."""
_SIGNS = _KEYPAD | {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "insert": "ins",
}
_READ_AS = {sign: name for name, sign in _SIGNS.items() if name not in _KEYPAD} | {
    "return": "enter",
}
_SENT_AS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+space": "ctrl+@",
}
"""Keys that most terminals cannot tell from others."""


def written(name: str) -> str:
    """A key for a reader, by its name in Textual: `left_square_bracket` is `[`, `left` is `←`."""
    *modifiers, key = name.split("+")
    if key in _WITHOUT_SIGN:
        sign = _SIGNS.get(key) or (key.upper() if key[1:].isdigit() else key)
    else:
        sign = _character(key) or key
    held = "".join("⇧" if modifier == "shift" else f"{modifier}+" for modifier in modifiers)
    return held + sign


def textual_name(text: str) -> str | None:
    """The name in Textual of a key as a user writes it; None where there is no such key.

    A user may write what Textual calls it, or what `written` makes of that.
    """
    modifiers, key = _parted(text.replace("⇧", "shift+"))
    if not _MODIFIERS.issuperset(modifiers):
        return None
    name = _READ_AS.get(key.lower(), key.lower())
    if name not in _WITHOUT_SIGN:
        character = _character(key)
        if character is None:
            return None
        if modifiers == {"shift"}:  # terminals send the letter or sign that it makes
            capital = character.upper()
            return capital if character.isalpha() and len(capital) == 1 else None
        # Textual's own way from a character to a name; it would part keys at a comma.
        typed = character.lower() if modifiers else character
        name = "comma" if typed == "," else next(iter(Binding.make_bindings([(typed, "")]))).key
    full = "+".join((*sorted(modifiers), name))
    return _SENT_AS.get(full, full)


def known_names() -> list[str]:
    """The keys that have names rather than signs, to be proposed for one that is misspelt."""
    return sorted(_WITHOUT_SIGN)


def _parted(text: str) -> tuple[set[str], str]:
    """The modifiers, and the key that is pressed with them, which may be a plus."""
    if text == "+" or text.endswith("++"):
        modifiers, key = text[:-2].split("+"), "+"
    else:
        *modifiers, key = text.split("+")
    return {modifier.lower() for modifier in modifiers if modifier}, key


def _character(key: str) -> str | None:
    """The character of a key that has one: of `[` and of `left_square_bracket`."""
    character = key if len(key) == 1 else key_to_character(REPLACED_KEYS.get(key, key))
    return character if character and character.isprintable() and character != " " else None
