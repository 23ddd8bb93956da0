"""Recording: the app plays without a terminal, and what a terminal would be sent is taken down.

It runs in a loop in which time passes only while nothing is done, so a recording is the same
however long the machine takes for it: one thread, and one clock for all that waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.pilot import Pilot

from tui_batching.charts.palette import default_theme
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.executors import CountDone
from tui_batching.tour import Deck
from tui_batching.tui.app import BatchingApp
from tui_batching.tui.drawing_options import LOCAL, DrawingOptions
from tui_batching.tui.ending_signals import closing_first
from tui_batching.tui.patient_loop import PatientLoop
from tui_batching.tui.screen_difference import ScreenDifference
from tui_batching.tui.textual_internals import PictureDriver, timers_following
from tui_batching.workload import Workload

_DRAWN = 0.75
"""After this share of a frame all of it has been drawn."""
_FRAMES_TO_SET = 3
"""From the first scene on until lanes and charts have taken their places."""
_BEGIN = "\x1b[?25l\x1b[0m\x1b[2J"
"""Hides the cursor and clears the terminal."""

TakeDown = Callable[[float, str], object]
"""Is given what a terminal is sent, and after how many seconds of the recording."""


@dataclass(frozen=True)
class Take:
    """What is recorded.

    Attributes:
        workload: what is played.
        title: what it is called.
        size: columns and rows.
        seconds: how long the recording is.
        speed: simulated seconds a second; None for what the app or the chapter begins with.
        theme: its name; None for the one by default.
        drawing: how often it draws, and with what.
        deck: what is presented; None for the workload alone.
        chapter: the only chapter of the deck that is, counted from zero.
    """

    workload: Workload
    title: str
    size: tuple[int, int]
    seconds: float
    speed: float | None = None
    theme: str | None = None
    drawing: DrawingOptions = LOCAL
    deck: Deck | None = None
    chapter: int = 0


def record(take: Take, take_down: TakeDown, count: CountDone) -> list[str]:
    """Record a take.

    Args:
        take: what is recorded.
        take_down: is given every change of the picture, in order.
        count: is told how many frames are done.

    Returns:
        What the app had to say of it meanwhile, which the picture leaves out.

    Raises:
        InputError: if the theme is unknown or what is wanted cannot be simulated.
        SystemExit: with the app's exit code if it ended by a mistake of our own.
    """
    loop = PatientLoop()
    app = RecordedApp(take, loop, take_down, count)
    with (
        asyncio.Runner(loop_factory=lambda: loop) as runner,
        timers_following(loop.time),
        closing_first(app.stop),
    ):
        runner.run(app.run_async(size=take.size, auto_pilot=app.film))
    if app.return_code:
        raise SystemExit(app.return_code)
    return app.said


class RecordedApp(BatchingApp):
    """Plays a take, drawing on a picture in place of a terminal.

    Whoever records it may have a terminal of few colours or of none; the recording has them all.

    Attributes:
        picture: what is drawn.
        said: what would have been notifications.
    """

    def __init__(
        self, take: Take, loop: PatientLoop, take_down: TakeDown, count: CountDone
    ) -> None:
        self.picture = ScreenDifference()
        self.said: list[str] = []
        self._stopped = False
        self._begun: float | None = None
        self._patient_loop = loop
        self._take = take
        self._take_down = take_down
        self._count = count
        config = Config().wearing(take.theme or default_theme(few_colours=False))
        super().__init__(take.workload, config, wall=self._frames_filmed, drawing=take.drawing)
        self.no_color = False
        self.console = Console(
            file=self.console.file, color_system="truecolor", force_terminal=True, highlight=False
        )
        if take.deck is not None:
            deck = _without_speaker(take.deck, take.chapter, take.speed)
            self.present(deck, take.chapter, tells_notes=False)

    def _frames_filmed(self) -> float:
        """The seconds that whole frames have taken, so that the n-th shows what is n frames on."""
        if self._begun is None:
            return 0.0
        a_second = self._take.drawing.frames
        return round((self._patient_loop.time() - self._begun) * a_second) / a_second

    def get_driver_class(self) -> type[Driver]:
        """The one that draws on the picture."""
        return PictureDriver

    def notify(
        self,
        message: str,
        *,
        title: str = "",  # noqa: ARG002 - Textual's
        severity: SeverityLevel = "information",  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
        markup: bool = True,  # noqa: ARG002
    ) -> None:
        """Keep it for later: it would cover what is recorded."""
        if message not in self.said:
            self.said.append(message)

    def stop(self) -> None:
        """End the recording early.

        Raises:
            CancelledError: through the work under way, so that nobody waits for its end.
        """
        self._stopped = True
        if self._patient_loop.at_work:
            raise asyncio.CancelledError

    async def film(self, pilot: Pilot[object]) -> None:  # noqa: ARG002 - Textual's
        """Wait for the stage to be set, then play, and take down frame by frame.

        Raises:
            InputError: if what is wanted cannot be simulated.
        """
        a_second, seconds = self._take.drawing.frames, self._take.seconds
        frames = max(1, round(seconds * a_second))
        await asyncio.sleep(_DRAWN / a_second)
        await self._stage_set()
        self._begun = self._patient_loop.time()
        if self._take.deck is None:
            self._main.call_later(self._main.play, self._take.speed)
        for frame in range(frames):
            await asyncio.sleep(1 / a_second)
            if self._is_over:
                break
            if change := self.picture.update():
                self._take_down(frame / a_second, change if frame else _BEGIN + change)
            self._count(frame + 1, frames)
        else:
            _, height = self._take.size
            self._take_down(seconds, f"\x1b[{height};1H\x1b[?25h")
        if self.return_code is None:
            self.exit()

    @property
    def _is_over(self) -> bool:
        """Whether it was stopped, or has stopped by a mistake of our own."""
        return self._stopped or self.return_code is not None

    async def _stage_set(self) -> None:
        while self._main.scene is None and not self._is_over:
            if self.said:
                raise InputError(self.said[-1])
            await asyncio.sleep(1 / self._take.drawing.frames)
        await asyncio.sleep(_FRAMES_TO_SET / self._take.drawing.frames)


def _without_speaker(deck: Deck, number: int, speed: float | None) -> Deck:
    """The deck, one chapter of which needs nobody who presses space; a still one stays still."""
    chapters = list(deck.chapters)
    chapter = chapters[number]
    chapters[number] = replace(chapter, play=not chapter.is_still, speed=speed or chapter.speed)
    return replace(deck, chapters=tuple(chapters))
