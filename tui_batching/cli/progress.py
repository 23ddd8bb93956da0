"""Progress on stderr, for work that takes a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TypeAlias

Report: TypeAlias = Callable[[str], None]
"""Is told what begins now."""

_PATIENCE = 0.5
"""Seconds of work that pass without a word."""


@contextmanager
def reporting() -> Iterator[Report]:
    """Show on a terminal what is being done, once it takes over half a second.

    Where stderr is no terminal, nothing is shown.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # Here, so that scripts do not wait for it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    display = Progress(
        *columns, console=console, transient=True, disable=not console.is_interactive
    )
    task = display.add_task("starting", total=None)
    timer = Timer(_PATIENCE, display.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda stage: display.update(task, description=stage)
    finally:
        timer.cancel()
        timer.join()  # it may be about to start the display
        display.stop()
