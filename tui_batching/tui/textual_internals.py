"""All that the app uses of Textual without being promised to find it there tomorrow.

Read in Textual 8.2.8: how it enters a terminal, writes to it and leaves it (`LinuxDriver`), what it
has told and where that is seen, what it does after a mistake, by which clock its timers go, what
its keys do on a screen, and in which order it ends what belongs to one. The driver of terminals
here enters and leaves whatever happens, and writes less.
"""

from __future__ import annotations

import os
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import rich
from textual import timer
from textual.app import App
from textual.binding import Binding
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput
from textual.notifications import Notification
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui_batching.charts.printing import to_ascii
from tui_batching.tui.ending_signals import ENDING_SIGNALS
from tui_batching.tui.screen_difference import ScreenDifference, draws_cells

_SYNCHRONIZED = ("\x1b[?2026h", "\x1b[?2026l")
"""Tell the terminal that a picture begins, and to show it now."""
_ASK = "\x1b[?2026$p"
"""Asks whether the terminal knows them. It answers when it comes to it, after the picture."""
_MOST_UNANSWERED = 2
_PATIENCE_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_LEAVING_SECONDS = 3.0


def ours_for(theirs: type[Driver]) -> type[Driver]:
    """Our driver wherever Textual would take the one that ours extends."""
    return TerminalDriver if theirs is LinuxDriver else theirs


def redraw(app: App[Any]) -> None:
    """Write the whole picture again, on a terminal of which nothing is known any more."""
    if isinstance(app._driver, TerminalDriver):  # noqa: SLF001
        app._driver.redraw()  # noqa: SLF001


def told(app: App[Any]) -> list[str]:
    """What notifications say now."""
    return [each.message for each in app._notifications if not each.has_expired]  # noqa: SLF001


def untell(app: App[Any], message: str) -> None:
    """Take back a notification, where it is still told."""
    for each in list(app._notifications):  # noqa: SLF001
        if each.message == message:
            app._unnotify(each)  # noqa: SLF001


@contextmanager
def timers_following(clock: Callable[[], float]) -> Iterator[None]:
    """Let Textual's timers look at this clock, in seconds; they sleep by the event loop's."""
    times: Any = timer._time  # type: ignore[attr-defined]  # noqa: SLF001 - their module
    theirs = times.get_time
    times.get_time = clock
    try:
        yield
    finally:
        times.get_time = theirs


def bind(screen: Screen[Any], bindings: Iterable[Binding]) -> None:
    """Bind keys on this one screen, in place of what its class binds them to."""
    for binding in Binding.make_bindings(bindings):
        screen._bindings.key_to_bindings[binding.key] = [binding]  # noqa: SLF001


class TellsOneThing(App[None]):
    """An app of whose notifications the newest alone has the class `-newest`, to be seen by.

    When its time is over, that is the one before; Textual itself stacks them.
    """

    def _refresh_notifications(self) -> None:
        super()._refresh_notifications()
        self.call_later(self._mark_newest)

    def _unnotify(self, notification: Notification, refresh: bool = True) -> None:
        # After a scroll Textual forgets where widgets are. If it found that out while a toast is
        # removed, it would not see that something has changed, and leave it on the screen.
        _ = self.screen.region
        super()._unnotify(notification, refresh)
        self.call_later(self._mark_newest)

    def _mark_newest(self) -> None:
        newest = [f"--textual-toast-{each.identity}" for each in self._notifications][-1:]
        for holder in self.screen.query("ToastHolder"):
            holder.set_class(holder.id in newest, "-newest")


class FailsAtOnce(App[None]):
    """An app that tells of a mistake of its own where that was, and ends.

    Textual itself tells all values that were at hand, too: those of a long Run take minutes to
    write, in which no key is heard.
    """

    def _fatal_error(self) -> None:
        from rich.traceback import Traceback  # noqa: PLC0415 - slow to load, and hardly ever needed

        self.bell()
        self.panic(Traceback(width=None, suppress=[rich]))


class Blank:
    """A widget that has nothing to show beside those that fill it.

    For such a one, called BLANK, Textual itself leaves out the filters of what is drawn, too.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """The ground alone, the same in every row."""
        assert isinstance(self, Widget)
        look = self.visual_style
        assert look.background is not None
        line = Strip.blank(crop.width, look.rich_style)
        for line_filter in self.get_line_filters():
            line = line.apply_filter(line_filter, look.background)
        return [line] * crop.height


class EndsWorkFirst:
    """A screen whose work ends before the widgets that it changes are taken away.

    Textual itself ends a screen's timers first, then its widgets, and its workers last.
    """

    def _on_prune(self) -> None:
        """End the work: the screen is about to go."""
        assert isinstance(self, Screen)
        self.workers.cancel_node(self)


class TerminalDriver(LinuxDriver):
    """Textual's driver, which writes less and restores the terminal even after a signal.

    A picture is written when the terminal has taken the one before; until then only the newest is
    kept, so a slow terminal costs pictures but neither memory nor time. Because a network takes
    far more than it has delivered, a terminal that answers is also asked after every picture.

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
        self._picture = ScreenDifference()
        self._ascii: bool = app.ascii
        self._synchronized = False
        self._asked = self._answered = 0
        self._asked_at = 0.0
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
        """Leave the terminal; nothing more is drawn on it.

        What it still has to answer is awaited, or else the shell would take it for typed.
        """
        self._entered = False
        until = time.monotonic() + _PATIENCE_SECONDS
        while self._asked > self._answered and time.monotonic() < until:
            time.sleep(0.01)
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Write what changes the terminal at once, and a picture as soon as it is free."""
        if data in _SYNCHRONIZED:
            self._synchronized = True
        elif draws_cells(data):
            self._picture.resize(*self._app.size)
            self._picture.draw(to_ascii(data) if self._ascii else data)
            self._show()
        else:
            self._pass_on(data)

    def redraw(self) -> None:
        """Write the whole picture again."""
        self._picture.forget()
        self._show()

    def _show(self) -> None:
        if self._on_their_way or not self._entered or self._is_behind():
            return
        update = self._picture.update()
        if update and self._synchronized:
            begin, end = _SYNCHRONIZED
            self._asked += 1
            self._asked_at = self._loop.time()
            self._loop.call_later(_PATIENCE_SECONDS, self._show)
            self._pass_on(f"{begin}{update}{end}{_ASK}")
        elif update:
            self._pass_on(update)

    def _is_behind(self) -> bool:
        """Whether the terminal has yet to answer; one that does not is waited for no longer."""
        if self._loop.time() - self._asked_at >= _PATIENCE_SECONDS:
            self._answered = self._asked
        return self._asked - self._answered >= _MOST_UNANSWERED

    def process_message(self, message: Message) -> None:
        """Pass on what comes from the terminal, but for the answers; not in the app's thread."""
        if isinstance(message, TerminalSupportsSynchronizedOutput) and self._asked:
            self._answered = min(self._asked, self._answered + 1)
            self._loop.call_soon_threadsafe(self._show)
        else:
            super().process_message(message)

    def _pass_on(self, data: str) -> None:
        self._on_their_way += 1
        super().write(data)

    def _has_been_taken(self) -> None:
        self._on_their_way -= 1
        self._show()

    # Leaving

    def _leave(self, number: signal.Signals) -> None:
        # The same signal again ends the process at once, and so does a terminal that takes nothing.
        self._loop.remove_signal_handler(number)
        end = threading.Timer(_LEAVING_SECONDS, os._exit, [128 + number])
        end.daemon = True
        end.start()
        self._app.exit(return_code=128 + number)

    def _look_for_terminal(self) -> None:
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            self._leave(signal.SIGHUP)
        else:
            self._loop.call_later(_LOOK_SECONDS, self._look_for_terminal)


class PictureDriver(HeadlessDriver):
    """Draws on the app's `picture`, a ScreenDifference, where others write to a terminal."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._picture: ScreenDifference = app.picture
        self._ascii: bool = app.ascii

    @property
    def is_headless(self) -> bool:
        """For such a driver Textual would draw nothing."""
        return False

    def write(self, data: str) -> None:
        """Draw; there is no terminal whose modes could be changed."""
        if draws_cells(data):
            self._picture.resize(*self._app.size)
            self._picture.draw(to_ascii(data) if self._ascii else data)


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
