"""What is said beside the views: why something was refused, and what to doubt, each thing once."""

from __future__ import annotations

from textual.widget import Widget

from tui_batching.analysis.scene import Scene
from tui_batching.cost import Cost, Profile

WARNING_SECONDS = 12
"""How long a warning stays: its sentence has several figures."""
_ENDLESS_SECONDS = 24 * 3600


class Notices:
    """Says what there is to say of scenes, as notifications."""

    def __init__(self, screen: Widget) -> None:
        self._screen = screen
        self._warned: set[tuple[str, Cost, Profile | None, str]] = set()
        self._refusing_without_end = False

    def refuse(self, reason: str, *, without_end: bool) -> None:
        """Say why all is as it was; without end while there is nothing else to see."""
        self._refusing_without_end = without_end
        lasting = _ENDLESS_SECONDS if without_end else None
        self._screen.notify(reason, severity="error", timeout=lasting, markup=False)

    def tell_of(self, scene: Scene, before: Scene | None) -> None:
        """Say what the scene before did not have said already."""
        if self._refusing_without_end:
            self._refusing_without_end = False
            self._screen.app.clear_notifications()
        told = before.workload.notices if before else ()
        for notice in scene.workload.notices:
            if notice not in told:
                self._screen.notify(notice, markup=False)
        self._warn(scene)

    def _warn(self, scene: Scene) -> None:
        """Say what to doubt, each thing once for a workload and what an iteration costs."""
        workload = scene.workload
        for warned in scene.warnings:
            about = (workload.name, workload.cost, workload.cost.profile, warned.about)
            if about not in self._warned:
                self._warned.add(about)
                self._screen.notify(
                    warned.sentence, severity="warning", timeout=WARNING_SECONDS, markup=False
                )
