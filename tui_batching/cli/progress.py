"""Progress on stderr, for work that takes a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING

from tui_batching.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from tui_batching.analysis.warnings import Warned
    from tui_batching.executors import CountDone

_PATIENCE = 0.5
"""Seconds of work that pass without a word."""


@dataclass(frozen=True)
class Reporter:
    """Is told what begins now, by a call, and how much of it is done.

    Attributes:
        begin: is called with what begins.
        done: is called with the share of it that is done, from 0 to 1, where that is known.
    """

    begin: Callable[[str], None]
    done: Callable[[float], None]

    def __call__(self, stage: str) -> None:
        """Tell what begins now."""
        self.begin(stage)


@contextmanager
def reporting() -> Iterator[Reporter]:
    """Show on a terminal what is being done, once it takes over half a second.

    Where stderr is no terminal, nothing is shown.
    """
    if not sys.stderr.isatty():
        yield Reporter(lambda _: None, lambda _: None)
        return
    # Here and below, so that scripts do not wait for it.
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    text = TextColumn("{task.description}", markup=False)
    bar = (BarColumn(), TaskProgressColumn())
    with _shown_later(SpinnerColumn("line"), text, *bar, TimeElapsedColumn()) as display:
        stages = [display.add_task("starting", total=None)]

        def begin(stage: str) -> None:
            display.remove_task(stages.pop())
            stages.append(display.add_task(printable(stage), total=None))

        yield Reporter(begin, lambda share: display.update(stages[-1], completed=share, total=1))


@contextmanager
def counting(what: str) -> Iterator[CountDone]:
    """As `reporting`, for work that can be counted: a bar, and the time that is left.

    The work itself prints nothing, but it may put another stdout or stderr in its place meanwhile.
    """
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    text = TextColumn("{task.description}", markup=False)
    left = (TimeRemainingColumn(), TextColumn("left"))
    columns = (text, BarColumn(), MofNCompleteColumn(), *left)
    with _shown_later(*columns, lets_print=False) as display:
        task = display.add_task(printable(what), total=None)
        yield lambda done, total: display.update(task, completed=done, total=total)


@contextmanager
def _shown_later(*columns: ProgressColumn, lets_print: bool = True) -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    class AsciiConsole(Console):
        encoding = "ascii"  # so bars are drawn with signs that every terminal has, also for --ascii

    console = AsciiConsole(file=sys.stderr)
    display = Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=lets_print,
        redirect_stderr=lets_print,
        disable=not console.is_interactive,
    )
    timer = Timer(_PATIENCE, display.start)
    timer.daemon = True
    timer.start()
    try:
        yield display
    finally:
        timer.cancel()
        timer.join()  # it may be about to start the display
        display.stop()


def warn(doubted: Iterable[Warned]) -> None:
    """Tell on stderr what is to be doubted of the figures on stdout."""
    for warned in doubted:
        print(f"tui-batching: warning: {warned.sentence}", file=sys.stderr)
