"""The black screen: nothing to look at but the speaker."""

from __future__ import annotations

from textual import events
from textual.screen import Screen


class BlackScreen(Screen[None]):
    """Black in every theme; any key and any click brings back what was there."""

    def on_key(self, event: events.Key) -> None:
        """Bring it back, whatever else the key is for."""
        event.stop()
        event.prevent_default()
        self.dismiss(None)

    def on_click(self) -> None:
        """Bring it back."""
        self.dismiss(None)
