"""What is said beside the views: why something was refused, and what to doubt, each thing once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import accumulate

from textual.notifications import SeverityLevel
from textual.widget import Widget

from tui_batching.analysis.scene import Scene
from tui_batching.cost import Cost, Profile
from tui_batching.tui.textual_internals import told, untell

LONG_SECONDS = 12
"""How long a sentence with several figures stays, such as a warning."""
_ENDLESS_SECONDS = 24 * 3600


class Notices:
    """Says what there is to say of scenes and keys, as notifications.

    The newest is seen at the foot of the screen; when its time is over, the one before.
    """

    def __init__(self, screen: Widget) -> None:
        self._screen = screen
        self._warned: dict[tuple[str, Cost, Profile | None, str], str] = {}
        self._refusing_without_end = False
        self._answered = ""
        self._about: Hashable = None
        self._of_scene: list[str] = []

    def answer(
        self,
        told: str,
        severity: SeverityLevel = "information",
        seconds: float | None = None,
        about: Hashable = None,
    ) -> None:
        """Say what came of a key, in place of what came of the one before.

        Args:
            told: what is said.
            severity: how bad it is.
            seconds: how long it stays; None for as long as notifications do.
            about: what it is said of, if it says nothing of anything else.
        """
        untell(self._screen.app, self._answered)
        self._answered, self._about = told, about
        self._screen.notify(told, severity=severity, timeout=seconds, markup=False)

    def look_at(self, seen: Hashable) -> None:
        """Take back what was said of something else than what is seen now."""
        if self._about not in (None, seen):
            untell(self._screen.app, self._answered)
            self._about = None

    def refuse(self, reason: str, *, without_end: bool) -> None:
        """Say why all is as it was; without end while there is nothing else to see."""
        if not without_end:
            self.answer(reason, "error")
            return
        self._refusing_without_end = True
        self._screen.notify(reason, severity="error", timeout=_ENDLESS_SECONDS, markup=False)

    def tell_of(self, scene: Scene, before: Scene | None) -> None:
        """Say what the scene before did not have said already, one thing after the other.

        What is still said of a scene of another workload, or of other costs, is taken back.
        """
        if self._refusing_without_end:
            self._refusing_without_end = False
            self._screen.app.clear_notifications()
        if before and _served(before) != _served(scene):
            self._take_back()
        told_before = before.workload.notices if before else ()
        read = [each for each in scene.workload.notices if each not in told_before]
        to_tell: list[tuple[str, SeverityLevel, float]] = [
            *(
                (sentence, "information", self._screen.app.NOTIFICATION_TIMEOUT)
                for sentence in read
            ),
            *((sentence, "warning", LONG_SECONDS) for sentence in self._doubts(scene)),
        ]
        until = accumulate(seconds for *_, seconds in to_tell)
        for (sentence, severity, _), seconds in reversed(list(zip(to_tell, until, strict=True))):
            self._screen.notify(sentence, severity=severity, timeout=seconds, markup=False)
            self._of_scene.append(sentence)

    def _take_back(self) -> None:
        """Take back what is still said of a scene; a doubt among it is told the next time."""
        cut_short = set(self._of_scene) & set(told(self._screen.app))
        self._warned = {
            about: sentence for about, sentence in self._warned.items() if sentence not in cut_short
        }
        for sentence in cut_short:
            untell(self._screen.app, sentence)
        self._of_scene = []

    def _doubts(self, scene: Scene) -> Iterator[str]:
        """What to doubt, each thing once for a workload and what an iteration costs."""
        for warned in scene.warnings:
            about = (*_served(scene), warned.about)
            if about not in self._warned:
                self._warned[about] = warned.sentence
                yield warned.sentence


def _served(scene: Scene) -> tuple[str, Cost, Profile | None]:
    """Which requests are served, and at which costs."""
    workload = scene.workload
    return workload.name, workload.cost, workload.cost.profile
