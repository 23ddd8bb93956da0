"""The driver: how the app enters a terminal, writes to it and leaves it, whatever happens."""

from __future__ import annotations

import signal
import termios
from collections.abc import Callable
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver

from tui_batching.tui.picture import Picture, is_picture

ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""They end the app as quitting does, with the exit code that a shell reports of them."""
_SYNCHRONIZED = ("\x1b[?2026h", "\x1b[?2026l")
"""Tell the terminal that a picture begins, and to show it now. Terminals that know them say so."""
_LOOK_SECONDS = 1.0


class TerminalDriver(LinuxDriver):
    """Textual's driver, which writes less and restores the terminal even after a signal.

    A picture is written when the terminal has taken the one before; until then only the newest is
    kept, so a slow terminal costs pictures but neither memory nor time.

    The app ends when the terminal itself has gone, even if nobody sends a signal: what is written
    to such a terminal fails, and what is read from it has no end.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Output(
            self._file,
            taken=lambda: self._loop.call_soon_threadsafe(self._has_been_taken),
            failed=lambda: self._loop.call_soon_threadsafe(self._leave, signal.SIGHUP),
        )
        self._picture = Picture()
        self._synchronized = False
        self._on_their_way = 0
        self._entered = False
        for number in ENDING_SIGNALS:
            self._loop.add_signal_handler(number, self._leave, number)
        self._loop.call_later(_LOOK_SECONDS, self._look_for_terminal)

    # Writing

    def start_application_mode(self) -> None:
        """Enter the terminal, of which nothing is known then."""
        self._picture.forget()
        self._entered = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Leave the terminal; nothing more is drawn on it."""
        self._entered = False
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Write what changes the terminal at once, and a picture as soon as it is free."""
        if data in _SYNCHRONIZED:
            self._synchronized = True
        elif is_picture(data):
            self._picture.resize(*self._app.size)
            self._picture.draw(data)
            self._show()
        else:
            self._pass_on(data)

    def redraw(self) -> None:
        """Write the whole picture again."""
        self._picture.forget()
        self._show()

    def _show(self) -> None:
        if self._on_their_way or not self._entered:
            return
        update = self._picture.update()
        if update:
            begin, end = _SYNCHRONIZED if self._synchronized else ("", "")
            self._pass_on(f"{begin}{update}{end}")

    def _pass_on(self, data: str) -> None:
        self._on_their_way += 1
        super().write(data)

    def _has_been_taken(self) -> None:
        self._on_their_way -= 1
        self._show()

    # Leaving

    def _leave(self, number: signal.Signals) -> None:
        # The same signal again ends the process at once.
        self._loop.remove_signal_handler(number)
        self._app.exit(return_code=128 + number)

    def _look_for_terminal(self) -> None:
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            self._leave(signal.SIGHUP)
        else:
            self._loop.call_later(_LOOK_SECONDS, self._look_for_terminal)


class _Output:
    """The file to which Textual's thread writes; tells when the terminal has taken something.

    After a failure everything is taken and thrown away, so that the app can end.
    """

    def __init__(
        self, file: IO[str], taken: Callable[[], object], failed: Callable[[], object]
    ) -> None:
        self._file = file
        self._taken = taken
        self._failed = failed
        self._works = True

    def write(self, text: str) -> None:
        if self._works:
            try:
                self._file.write(text)
                self._file.flush()
            except OSError:
                self._works = False
                self._failed()
        self._taken()

    def flush(self) -> None:
        """All is written already."""

    def fileno(self) -> int:
        return self._file.fileno()
