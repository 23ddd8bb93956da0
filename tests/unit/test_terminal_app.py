"""How the app ends after a mistake of its own."""

from __future__ import annotations

import pytest

from tui_batching.tui.terminal_app import TerminalApp


class Large:
    """A value that takes long to write."""

    told = 0

    def __repr__(self) -> str:
        Large.told += 1
        return "a Run of a million requests"


class Mistaken(TerminalApp):
    """It fails with such a value at hand."""

    def on_mount(self) -> None:
        values = [Large()]
        values.remove(0)  # type: ignore[arg-type]


async def test_a_mistake_is_told_without_the_values_at_hand() -> None:
    """They may take minutes to write, in which no key is heard."""
    app = Mistaken()
    with pytest.raises(ValueError, match="not in list"):
        async with app.run_test():
            pass
    assert app.return_code == 1
    assert Large.told == 0
