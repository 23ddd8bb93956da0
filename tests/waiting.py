"""Waiting for what has to come: with a patience that no busy machine uses up."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60
"""After so long it will never come."""


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within our patience."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
