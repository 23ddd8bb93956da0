"""The Gantt view: each request's way through time, with every strategy."""

from __future__ import annotations

from tui_batching.charts.gantt import HINT, Gantt
from tui_batching.tui.views.picture_view import PictureView


class GanttView(PictureView):
    """Shows the Gantt chart."""

    key = "2"
    title = ("Gantt", "Gantt")
    hint = HINT
    picture = Gantt
