"""What is TensorRT-LLM's own: memory first, then tokens, which some may not get yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_batching.sim.engines.cuts import NO_LIMIT, Cut
from tui_batching.sim.engines.joining import Joining
from tui_batching.sim.engines.memory import Paged

if TYPE_CHECKING:
    from tui_batching.sim.engines.loop import Chunk, Engine, Stay


class InOrder(Paged):
    """As `Paged`, for prompts that may get no token yet, while others overtake: TensorRT-LLM.

    Such a one holds no blocks. Before each iteration all are asked in order of arrival whether
    their next step fits; while it does not, the last of those behind who hold blocks is evicted.
    Who comes after the one who still does not fit, or after one who was evicted, is left out.

    Attributes:
        left_out: whose prompts are not processed in this iteration.
    """

    def __init__(self, pool: int, block: int) -> None:
        super().__init__(pool, block)
        self.left_out: list[Stay] = []

    def make_room(self, engine: Engine) -> bool:
        """As long as all hold blocks, who came last goes first."""
        self.left_out = []
        if all(stay.computed for stay in engine.prefilling):
            return super().make_room(engine)
        running = engine.running.values()
        asked: list[tuple[int, Stay | None]] = [(stay.row, stay) for stay in running]
        asked += [(row, None) for _, row in engine.away]
        asked.sort(key=lambda entry: entry[0])
        fit, after = self._ask(engine, asked)
        for row, stay in asked[:fit]:
            if stay is None:
                engine.away.popleft()
                engine.enter(row)
        self.left_out = [stay for _, stay in asked[fit:] if stay and stay.id in engine.running]
        engine.running = {s.id: s for s in sorted(engine.running.values(), key=lambda s: s.row)}
        engine.prefilling.sort(key=lambda stay: stay.row)
        return after == fit == len(asked)

    def _ask(self, engine: Engine, asked: list[tuple[int, Stay | None]]) -> tuple[int, int]:
        """How many fit, out of how many that were not behind one who was evicted."""
        fit, after = 0, len(asked)
        while fit < after:
            need = self._next(engine, *asked[fit])
            if need <= self.free:
                self.free -= need
                fit += 1
                continue
            hold = [place for place in range(fit, after) if self._holds(asked[place][1])]
            if not hold:
                break
            after = hold[-1]
            if stay := asked[after][1]:
                engine.evict(stay, front=True)
        return fit, after

    @staticmethod
    def _holds(stay: Stay | None) -> bool:
        return stay is not None and stay.computed > 0

    def _next(self, engine: Engine, row: int, stay: Stay | None) -> int:
        """The blocks of one's next step: of the whole prompt at first."""
        if stay is None or not stay.computed:
            return self.blocks(engine.known[row])
        return int(stay.computed == stay.known and (stay.own + engine.step) % self.block == 0)

    def may_go_on(self, engine: Engine) -> list[Stay]:
        """Without those who are left out."""
        return [stay for stay in engine.prefilling if stay not in self.left_out]

    def takes(self, chunks: list[Chunk], engine: Engine) -> None:
        """Who got no token gives back what it was promised."""
        at_work = {stay.id for stay, _ in chunks}
        for stay in self.may_go_on(engine):
            if not stay.computed and stay.id not in at_work:
                self.free += self.blocks(stay.known)

    def lasts(self, engine: Engine, steps: int) -> int:
        """One, while somebody waits for the first token."""
        return 1 if engine.prefilling else super().lasts(engine, steps)


class FillBlocks(Cut):
    """Who is cut gets whole units, maybe none; so a short prompt may overtake: TensorRT-LLM."""

    whole = False

    def __init__(self, unit: int) -> None:
        self.unit = unit

    def wants(self, known: int, left: int, budget: int) -> int | None:  # noqa: ARG002
        """Whoever has memory and a slot joins; tokens are dealt afterwards."""
        return known

    def share(self, engine: Engine, stays: list[Stay], left: int) -> list[Chunk]:  # noqa: ARG002
        """All the rests if they fit; else first come, first served."""
        rests = [stay.known - stay.computed for stay in stays]
        if sum(rests) > left:
            rests = self._dealt(rests, left)
        return [(stay, n) for stay, n in zip(stays, rests, strict=True) if n]

    def _dealt(self, rests: list[int], left: int) -> list[int]:
        dealt = []
        for rest in rests:
            tokens = rest if rest <= left else left // self.unit * self.unit
            dealt.append(tokens)
            left -= tokens
        return dealt


class Equal(FillBlocks):
    """One unit for each in turn, until nothing more fits."""

    def _dealt(self, rests: list[int], left: int) -> list[int]:
        dealt = [0] * len(rests)
        going = True
        while going:
            going = False
            for place, rest in enumerate(rests):
                more = min(self.unit, rest - dealt[place])
                if 0 < more <= left:
                    dealt[place] += more
                    left -= more
                    going = True
        return dealt


class OnlyIdle(Joining):
    """Only when nobody runs."""

    def quorum(self, engine: Engine) -> int:
        """Nobody joins those who run."""
        return NO_LIMIT if engine.running else 1
