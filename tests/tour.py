"""The bundled tour and each of its chapters, for the tests that read or present it."""

from __future__ import annotations

import pytest

from tui_batching.tour import load_deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.views import view_parts

TOUR = load_deck(None, view_parts(), KEYS.signs())
COUNT = len(TOUR.talk)
"""How many chapters are told; those behind them are for questions."""
_TITLES = [chapter.title for chapter in TOUR.chapters]
STATIC = 1 + _TITLES.index("Static: all leave together")
"""The number of a chapter that plays, with a lane in focus."""
GUESS = 1 + _TITLES.index("Continuous: who is done leaves")
"""The number of one that waits for the room to guess, with a request selected."""
EACH_CHAPTER = pytest.mark.parametrize("chapter", TOUR.chapters, ids=lambda chapter: chapter.title)
