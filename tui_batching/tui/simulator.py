"""Simulating in the background: knobs in, a scene or a complaint out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.errors import InputError, sentence_of
from tui_batching.tui.background import Cancellable, StartWork, aside
from tui_batching.tui.frame import Snapshot
from tui_batching.tui.knobs import Knobs
from tui_batching.workload import Workload

SLOW_SECONDS = 0.5
"""A simulation that takes longer shows how far it is."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """A scene is finished.

    Attributes:
        scene: the Runs.
        other_workload: whether it is of another workload, and not of the same one changed.
        snapshot: how it is to be shown, or None for as it is.
    """

    scene: Scene
    other_workload: bool
    snapshot: Snapshot | None


@dataclass(frozen=True)
class Refused:
    """What was wished for cannot be simulated; all is as it was.

    Attributes:
        reason: in one sentence.
        snapshot: what was to be shown, or None where nothing was to be shown anew.
    """

    reason: str
    snapshot: Snapshot | None = None


class ShowsProgress(Protocol):
    """Where it is told how far a simulation is."""

    def begin(self, lanes: int) -> None:
        """So many lanes are to be simulated."""
        ...

    def done(self, lanes: int) -> None:
        """So many of them are."""
        ...

    def reveal(self) -> None:
        """It takes so long that this is worth telling."""
        ...

    def hide(self) -> None:
        """It has ended."""
        ...


@dataclass(frozen=True, eq=False)
class _Wish:
    """What is to be shown: the knobs, and the workload that they make."""

    knobs: Knobs
    workload: Workload


class _Outdated(Exception):  # noqa: N818 - nothing is wrong
    """Something else is wished for meanwhile."""


class Simulator:
    """Makes scenes, one at a time: a newer wish ends one under way after its present lane.

    Args:
        workload: what is simulated first.
        start_work: where to work.
        tell: takes what came of a wish.
        progress: shows how far a slow one is.

    Attributes:
        knobs: what the latest wish asks for; those of the latest scene where it failed.
        simulated: the knobs of the latest scene.
    """

    def __init__(
        self,
        workload: Workload,
        start_work: StartWork,
        tell: Callable[[Simulated | Refused], object],
        progress: ShowsProgress,
    ) -> None:
        self.knobs = self.simulated = Knobs(workload)
        self._start_work = start_work
        self._tell = tell
        self._progress = progress
        self._scene: Scene | None = None
        self._snapshot: Snapshot | None = None
        self._ahead: Knobs | None = None
        self._kept: list[tuple[Knobs, Scene]] = []
        self._wish = _Wish(self.knobs, workload)
        self._work: Cancellable | None = None

    def start(self, knobs: Knobs) -> None:
        """Simulate what the knobs ask for.

        Raises:
            InputError: if they do not fit the workload.
        """
        self._wish = _Wish(knobs, knobs.workload)
        self.knobs = knobs
        if self._work is None:
            self._work = self._start_work(self._fulfil_wishes())

    def knows(self, knobs: Knobs) -> bool:
        """Whether the scene of these knobs is made already, so that it is there at once."""
        return self._known(knobs) is not None

    def show(self, snapshot: Snapshot, ahead: Knobs | None) -> None:
        """Simulate what a snapshot shows, and then, ahead of time, what probably comes next.

        Raises:
            InputError: if the snapshot's knobs do not fit their workload.
        """
        self._snapshot, self._ahead = snapshot, ahead
        self.start(snapshot.knobs)

    async def _fulfil_wishes(self) -> None:
        """Fulfil the latest wish until there is no newer one."""
        done = None
        try:
            while done is not self._wish:
                done = self._wish
                await self._fulfil(done)
                if done is self._wish:
                    await self._build_ahead()
        finally:
            self._work = None

    async def _fulfil(self, wish: _Wish) -> None:
        self._progress.begin(len(wish.workload.lanes))
        slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._progress.reveal)
        try:
            scene = self._known(wish.knobs) or await self._build(wish)
        except _Outdated:
            return
        except (InputError, MemoryError) as error:
            if wish is self._wish:
                snapshot, self._snapshot = self._snapshot, None
                self.knobs = self.simulated
                self._tell(Refused(sentence_of(error), snapshot))
            return
        finally:
            slow.cancel()
            self._progress.hide()
        if wish is self._wish:
            self._finish(wish.knobs, scene)

    def _finish(self, knobs: Knobs, scene: Scene) -> None:
        other = self._scene is not None and knobs.base is not self.simulated.base
        self.simulated, self._scene = knobs, scene
        snapshot, self._snapshot = self._snapshot, None
        self._tell(Simulated(scene, other, snapshot))
        if snapshot is not None and self._known(knobs) is None:
            self._kept.append((knobs, scene))

    async def _build_ahead(self) -> None:
        """Make what probably comes next, so that it is there at once when it is asked for."""
        knobs = self._ahead
        if knobs is None:
            self._kept.clear()
        elif self._known(knobs) is None:
            try:
                scene = await self._build(_Wish(knobs, knobs.workload))
            except _Outdated:
                return
            except (InputError, MemoryError) as error:
                self._tell(Refused(f"the next chapter cannot be shown: {sentence_of(error)}"))
            else:
                self._kept.append((knobs, scene))

    async def _build(self, wish: _Wish) -> Scene:
        """The scene that is wished for.

        Raises:
            InputError: if it cannot be simulated.
            _Outdated: if something else is wished for meanwhile.
        """
        wished, loop = self._wish, asyncio.get_running_loop()

        def one_done(lanes: int) -> None:
            if self._wish is not wished and self._wish.knobs != wish.knobs:
                raise _Outdated
            loop.call_soon_threadsafe(self._progress.done, lanes)

        return await aside(build_scene, wish.workload, self._scene, one_done)

    def _known(self, knobs: Knobs) -> Scene | None:
        return next((scene for kept, scene in self._kept if kept == knobs), None)
