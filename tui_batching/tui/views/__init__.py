"""The views: a further one is a module here, and one line in `VIEWS`.

That line makes its tab, its command in the palette, its entry in the help and its name in decks.
"""

from tui_batching.tour import ViewParts
from tui_batching.tui.views.figures import (
    DistributionView,
    GanttView,
    SlotsView,
    UtilizationView,
)
from tui_batching.tui.views.live import LiveView
from tui_batching.tui.views.scrolled import LearnView, MetricsView
from tui_batching.tui.views.sweeps import BatchSizeView, FrontierView, LoadView
from tui_batching.tui.views.view import View

VIEWS: tuple[type[View], ...] = (
    LiveView,
    GanttView,
    SlotsView,
    UtilizationView,
    MetricsView,
    LoadView,
    FrontierView,
    BatchSizeView,
    DistributionView,
    LearnView,
)
"""In the order of their tabs."""


def view_names() -> list[str]:
    """What decks and keys call the views."""
    return list(view_parts())


def view_parts() -> dict[str, ViewParts]:
    """The names that the chapters of a deck may give as their view, and what it is made of."""
    return {view.named(): ViewParts(view.parts, view.has_panels, view.bars) for view in VIEWS}


__all__ = ["VIEWS", "View", "view_names", "view_parts"]
