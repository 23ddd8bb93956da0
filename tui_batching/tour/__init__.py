"""The guided tour: decks of chapters, and where a presentation of one of them is."""

from tui_batching.tour.deck import Chapter, Deck
from tui_batching.tour.reading import load_deck, parse_deck

__all__ = ["Chapter", "Deck", "load_deck", "parse_deck"]
