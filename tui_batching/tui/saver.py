"""Saving what is on a screen, while the screen goes on."""

from __future__ import annotations

import asyncio

from textual.screen import Screen

from tui_batching.errors import InputError
from tui_batching.printable import printable
from tui_batching.tui.exports import Export, save
from tui_batching.tui.frame import Frame
from tui_batching.tui.notices import Notices


class Saver:
    """Saves what is on a screen, one file after the other, and says where each is."""

    def __init__(self, screen: Screen[None], notices: Notices) -> None:
        self._screen = screen
        self._notices = notices

    def save(self, export: Export, frame: Frame, view: str) -> None:
        """Begin to save; a picture shows what is on the screen now.

        Args:
            export: what to save.
            frame: what is on screen.
            view: the title of the view that is seen.
        """
        picture = self._screen.app.export_screenshot() if export.write is None else ""
        self._screen.run_worker(self._write(export, frame, view, picture), group="save")

    async def _write(self, export: Export, frame: Frame, view: str, picture: str) -> None:
        try:
            file = await asyncio.to_thread(save, export, frame, view, picture)
        except InputError as error:
            self._notices.answer(str(error), "error")
        else:
            self._notices.answer(f"saved {printable(str(file))}")
