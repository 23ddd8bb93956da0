"""The bundled tour and each of its chapters, for the tests that read or present it."""

from __future__ import annotations

import pytest

from tui_batching.tour import load_deck
from tui_batching.tui.views import view_names

TOUR = load_deck(None, view_names())
COUNT = len(TOUR.chapters)
STATIC = 1 + [chapter.title for chapter in TOUR.chapters].index("Static batching")
"""The number of a chapter that plays, with a request selected and a lane in focus."""
EACH_CHAPTER = pytest.mark.parametrize("chapter", TOUR.chapters, ids=lambda chapter: chapter.title)
