"""The top row: what is on stage, whether it plays, and where the playhead is."""

from __future__ import annotations

from rich.cells import cell_len

from tui_batching.analysis.scene import Scene
from tui_batching.charts.rows import Cells, Row, first_that_fits, style
from tui_batching.clock import SECOND, Picoseconds
from tui_batching.tui.frame import Frame
from tui_batching.tui.strip_view import StripView


def title_row(frame: Frame, width: int, note: str = "") -> Cells:
    """The row, with a note; parts that do not fit are left out, the playhead last."""
    palette = frame.palette
    ground = palette.panel
    text, muted = style(palette.text, ground), style(palette.muted, ground)
    playing = style(palette.playhead, ground, bold=True)
    clock = f"t {_seconds(frame.time)} / {_seconds(frame.scene.end)} s"
    speed = f"{'▶' if frame.playing else '‖'} {speed_text(frame.speed)}"
    row = Row(width, text)
    row.gap().add("tui-batching", style(palette.accent, ground, bold=True)).gap(2)
    workload = frame.scene.workload
    facts, profile = _facts(frame.scene), workload.cost.profile
    costed = [" · ".join([*facts, profile.name])] if profile else []
    told = [*costed, " · ".join(facts), workload.name]
    row.add(first_that_fits(told, row.left - len(clock) - len(speed) - 7), text)
    state = " playing" if frame.playing else " paused"
    states = [f"{state} · {note}", f" · {note}", ""] if note else [state, ""]
    state = first_that_fits(states, row.left - len(speed) - len(clock) - 5)
    ending = f"{speed}{state}   {clock} "
    if cell_len(ending) <= row.left:
        row.gap(row.left - cell_len(ending)).add(speed, playing).add(f"{state}   ", muted)
    return row.add_right(f"{clock} ", text).cells()


def _facts(scene: Scene) -> list[str]:
    source, count = scene.workload.source, len(scene.workload.requests)
    facts = [scene.workload.name, "1 request" if count == 1 else f"{count:,} requests"]
    if source.rate is not None:
        facts.append(f"{source.rate:.3g}/s")
    if source.seed is not None:
        facts.append(f"seed {source.seed}")
    return facts


def _seconds(time: Picoseconds) -> str:
    return f"{time / SECOND:,.3f}"


def speed_text(speed: float) -> str:
    """How fast it plays: `0.5x`, `1/16x`."""
    return f"{speed:g}x" if speed >= 0.25 else f"1/{round(1 / speed)}x"


class TitleBar(StripView):
    """Shows the row."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; }
    """

    def __init__(self, note: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._note = note

    def show(self, frame: Frame) -> None:
        """Draw the row if it has changed."""
        self.present([title_row(frame, self.content_size.width, self._note)])
