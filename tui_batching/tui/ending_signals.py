"""Signals that end the program, while something has to be closed in order before it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""They end the app as quitting does, with the exit code that a shell reports of them."""


@contextmanager
def closing_first(close: Callable[[], object]) -> Iterator[None]:
    """Call `close` where a signal would end what is done here, and let it do so afterwards.

    The second one does not wait. One that is ignored, as `nohup` does, stays ignored.
    """
    ours = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS if ours}
    came: list[int] = []

    def hear(number: int, _: object) -> None:
        came.append(number)
        restore()
        close()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, hear)
    try:
        yield
    finally:
        restore()
    for caught in came:
        signal.raise_signal(caught)
