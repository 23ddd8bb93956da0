"""The guided tour: decks of chapters, and a presentation of one of them."""

from tui_batching.tour.deck import Chapter, Deck, ViewParts, is_deck, load_deck, parse_deck

__all__ = ["Chapter", "Deck", "ViewParts", "is_deck", "load_deck", "parse_deck"]
