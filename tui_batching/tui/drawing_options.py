"""How the app draws: often where writing costs nothing, less over a network."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """How often what is drawn, a second, in how many colours, and with which signs.

    Attributes:
        frames: what moves.
        words: what is read.
        charts: the same chart again.
        thickest: rows of a slot at most.
        few_colours: whether 256 colours do, which take half the bytes of all colours.
        ascii: whether the terminal shows ASCII alone.
    """

    frames: int
    words: float
    charts: float
    thickest: int = 3  # as of any lane, which is not imported: the command line loads this
    few_colours: bool = False
    ascii: bool = False

    def at(self, frames: int) -> DrawingOptions:
        """The same with another number of frames, and words no more often than frames."""
        return replace(self, frames=frames, words=min(self.words, frames))

    @property
    def frames_a_word(self) -> int:
        """With every how manyth frame the words are drawn."""
        return max(1, round(self.frames / self.words))

    @property
    def note(self) -> str:
        """What the title bar says of it; nothing of the usual one."""
        return "" if self.frames == LOCAL.frames else f"{self.frames} fps"


LOCAL = DrawingOptions(frames=10, words=3, charts=1)
LOW_BANDWIDTH = DrawingOptions(frames=5, words=2, charts=1, thickest=2, few_colours=True)
