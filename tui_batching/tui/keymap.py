"""A user's keymap over the table of keys: other keys for what one knows by its id."""

from __future__ import annotations

from dataclasses import replace

from tui_batching.errors import did_you_mean
from tui_batching.printable import quoted
from tui_batching.reading.fields import Field
from tui_batching.tui.bindings import KEYS, Key, KeyTable
from tui_batching.tui.key_names import EXAMPLES, known_names, textual_name

NO_KEY = "none"
"""Written in place of keys where the command palette is to be the only way."""
_KEPT = {
    "ctrl+p": "opens the command palette",
    "ctrl+q": "quits wherever one is",
    "ctrl+c": "tells how to quit",
}
"""The keys that are Textual's own."""


def keys_of(keymap: Field | None) -> KeyTable:
    """Every key as a user has it, whose config file may have a keymap.

    Raises:
        InputError: if that does not fit the table of keys.
    """
    return KEYS if keymap is None else remapped(KEYS, keymap)


def remapped(keys: KeyTable, keymap: Field) -> KeyTable:
    """The table with other keys for some entries.

    Args:
        keys: the table.
        keymap: a mapping of ids of the table; of each the key, a list of keys, or `none`. They
            take the place of all that it had.

    Raises:
        InputError: for an id or a key that there is not, or a key that acts for two ids.
    """
    entries = keymap.mapping([key.id for key in keys]).fields
    taken = {name: key.id for key in keys if key.id not in entries for name in key.keys.split(",")}
    chosen = {id_: _read_keys(field, id_, taken) for id_, field in entries.items()}

    def changed(key: Key) -> Key:
        return replace(key, keys=chosen[key.id]) if key.id in chosen else key

    return keys.each(changed)


def _read_keys(field: Field, id_: str, taken: dict[str, str]) -> str:
    """The keys of one id; what it takes is noted in `taken`."""
    if field.is_word(NO_KEY):
        return ""
    names = []
    for one in field.items() if field.is_list else [field]:
        name = textual_name(one.written)
        if name is None:
            hint = did_you_mean(one.written, known_names())
            raise one.error(f"a key such as {EXAMPLES}{hint}")
        if name in _KEPT:
            raise one.error("another key", f"{quoted(one.written)}, which {_KEPT[name]}")
        if name in taken:
            raise one.error(*_clash(taken[name], id_, quoted(one.written)))
        taken[name] = id_
        names.append(name)
    return ",".join(names)


def _clash(owner: str, id_: str, key: str) -> tuple[str, str]:
    """What is expected, and what was found."""
    if owner == id_:
        return "each key once", f"{key} a second time"
    return f"a free one, or another key for {owner}", f"{key}, the key of {owner}"
