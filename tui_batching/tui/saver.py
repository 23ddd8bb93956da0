"""Saving what is on a screen, while the screen goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from textual.screen import Screen

from tui_batching.errors import InputError
from tui_batching.printable import printable
from tui_batching.tui.bindings import Key
from tui_batching.tui.dialogs import PickExport
from tui_batching.tui.exports import Export, save
from tui_batching.tui.frame import Frame
from tui_batching.tui.notices import Notices


class Saver:
    """Saves what is on a screen, one file after the other, and says where each is."""

    def __init__(self, screen: Screen[None], notices: Notices) -> None:
        self._screen = screen
        self._notices = notices

    async def ask(self, key: Key, seen: Callable[[], tuple[Frame | None, str]]) -> None:
        """Ask what to save, and save it.

        Args:
            key: what asked for it.
            seen: what is on screen, and the title of the view that is seen.
        """
        await self._screen.app.push_screen(PickExport(key), partial(self._take, seen))

    def _take(self, seen: Callable[[], tuple[Frame | None, str]], export: Export | None) -> None:
        if export is not None:
            # The dialog is still there, and so may be the word that another file was saved.
            self._screen.app.clear_notifications()
            self._screen.call_after_refresh(self._save, export, seen)

    def _save(self, export: Export, seen: Callable[[], tuple[Frame | None, str]]) -> None:
        """Begin to save; a picture shows what is on the screen now."""
        frame, view = seen()
        if frame is None:
            return
        picture = self._screen.app.export_screenshot() if export.write is None else ""
        self._screen.run_worker(self._write(export, frame, view, picture), group="save")

    async def _write(self, export: Export, frame: Frame, view: str, picture: str) -> None:
        try:
            file = await asyncio.to_thread(save, export, frame, view, picture)
        except InputError as error:
            self._notices.answer(str(error), "error")
        else:
            self._notices.answer(f"saved {printable(str(file))}")
