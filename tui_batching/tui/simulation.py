"""Simulating in the background: knobs in, a scene or a complaint out, a progress bar meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import ProgressBar

from tui_batching.analysis.scene import Scene, build_scene
from tui_batching.errors import InputError, sentence_of
from tui_batching.tui.background import aside
from tui_batching.tui.knobs import Knobs
from tui_batching.tui.presenting.cue import Cue
from tui_batching.workload import Workload

SLOW_SECONDS = 0.5
"""A simulation that takes longer shows a progress bar."""


@dataclass(frozen=True, eq=False)
class _Wish:
    """What is to come on stage: the knobs, and the workload that they make."""

    knobs: Knobs
    workload: Workload


class _Outdated(Exception):  # noqa: N818 - nothing is wrong
    """Something else is wished for meanwhile."""


class Simulation(ProgressBar):
    """Makes scenes, one at a time: a newer wish ends one under way after its present lane.

    Attributes:
        knobs: what the latest wish asks for; those on stage where the latest one failed.
    """

    DEFAULT_CSS = """
    Simulation { display: none; height: 1; padding: 0 2; background: $panel; width: 100%; }
    Simulation.-shown { display: block; }
    Simulation Bar { width: 1fr; }
    """

    class Staged(Message):
        """A scene is finished.

        Attributes:
            scene: the Runs.
            other_workload: whether it is of another workload, and not of the same one changed.
            cue: what is to come on stage with it, or None.
        """

        def __init__(self, scene: Scene, *, other_workload: bool, cue: Cue | None) -> None:
            super().__init__()
            self.scene = scene
            self.other_workload = other_workload
            self.cue = cue

    class Refused(Message):
        """What was wished for cannot be simulated; all is as it was.

        Attributes:
            reason: in one sentence.
        """

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, workload: Workload, *, id: str) -> None:  # noqa: A002 - the widget's name
        super().__init__(show_eta=True, id=id)
        self.knobs = self._staged = Knobs(workload)
        self._scene: Scene | None = None
        self._cue: Cue | None = None
        self._ahead: Knobs | None = None
        self._kept: list[tuple[Knobs, Scene]] = []
        self._wish = _Wish(self.knobs, workload)
        self._at_work = False

    @property
    def staged(self) -> Knobs:
        """The knobs of the latest scene."""
        return self._staged

    def start(self, knobs: Knobs) -> None:
        """Simulate what the knobs ask for.

        Raises:
            InputError: if they do not fit the workload.
        """
        self._wish = _Wish(knobs, knobs.workload)
        self.knobs = knobs
        if not self._at_work:
            self._at_work = True
            self.run_worker(self._work(), group="simulate")

    def stage(self, cue: Cue, ahead: Knobs | None) -> None:
        """Simulate what a cue asks for, and then, ahead of time, what probably comes next.

        Raises:
            InputError: if the cue's knobs do not fit their workload.
        """
        self._cue, self._ahead = cue, ahead
        self.start(cue.knobs)

    async def _work(self) -> None:
        """Fulfil the latest wish until there is no newer one."""
        done = None
        try:
            while done is not self._wish:
                done = self._wish
                await self._fulfil(done)
                if done is self._wish:
                    await self._build_ahead()
        finally:
            self._at_work = False

    async def _fulfil(self, wish: _Wish) -> None:
        self.update(total=len(wish.workload.strategies), progress=0)
        slow = self.set_timer(SLOW_SECONDS, lambda: self.add_class("-shown"))
        try:
            scene = self._known(wish.knobs) or await self._build(wish)
        except _Outdated:
            return
        except (InputError, MemoryError) as error:
            if wish is self._wish:
                self.knobs, self._cue = self._staged, None
                self.post_message(self.Refused(sentence_of(error)))
            return
        finally:
            slow.stop()
            self.remove_class("-shown")
        if wish is self._wish:
            self._put_on_stage(wish.knobs, scene)

    def _put_on_stage(self, knobs: Knobs, scene: Scene) -> None:
        other = self._scene is not None and knobs.base is not self._staged.base
        self._staged, self._scene = knobs, scene
        cue, self._cue = self._cue, None
        self.post_message(self.Staged(scene, other_workload=other, cue=cue))
        if cue is not None and self._known(knobs) is None:
            self._kept.append((knobs, scene))

    async def _build_ahead(self) -> None:
        """Make what probably comes next, so that it is on stage at once when it is asked for."""
        knobs = self._ahead
        if knobs is None:
            self._kept.clear()
        elif self._known(knobs) is None:
            try:
                scene = await self._build(_Wish(knobs, knobs.workload))
            except _Outdated:
                return
            except (InputError, MemoryError) as error:
                self.post_message(
                    self.Refused(f"the next chapter cannot be shown: {sentence_of(error)}")
                )
            else:
                self._kept.append((knobs, scene))

    async def _build(self, wish: _Wish) -> Scene:
        """The scene that is wished for.

        Raises:
            InputError: if it cannot be simulated.
            _Outdated: if something else is wished for meanwhile.
        """
        wished = self._wish

        def one_done(lanes: int) -> None:
            if self._wish is not wished and self._wish.knobs != wish.knobs:
                raise _Outdated
            self.call_later(self.update, progress=lanes)

        return await aside(build_scene, wish.workload, self._scene, one_done)

    def _known(self, knobs: Knobs) -> Scene | None:
        return next((scene for kept, scene in self._kept if kept == knobs), None)
