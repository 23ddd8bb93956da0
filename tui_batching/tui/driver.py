"""The driver: how the app enters a terminal, and how it leaves it, whatever makes it leave."""

from __future__ import annotations

import signal
import termios
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""They end the app as quitting does, with the exit code that a shell reports of them."""
_LOOK_SECONDS = 1.0


class TerminalDriver(LinuxDriver):
    """Textual's driver, which in addition restores the terminal when a signal ends the app.

    It also ends the app when the terminal itself has gone, even if nobody sends a signal: what
    is written to such a terminal fails, and what is read from it has no end.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        for number in ENDING_SIGNALS:
            self._loop.add_signal_handler(number, self._leave, number)
        self._loop.call_later(_LOOK_SECONDS, self._look_for_terminal)

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
