"""The slots view: who shares the batch, decode step by decode step, with every strategy."""

from __future__ import annotations

from tui_batching.charts.slots import HINT, Slots
from tui_batching.tui.views.picture_view import PictureView


class SlotsView(PictureView):
    """Shows the slots over decode steps."""

    key = "3"
    title = ("Slots", "Slots")
    hint = HINT
    picture = Slots
