"""The views, and what they are made of; `VIEWS` lists them in the order of their keys."""

from tui_batching.tui.views.distribution import DistributionView
from tui_batching.tui.views.gantt import GanttView
from tui_batching.tui.views.learn import LearnView
from tui_batching.tui.views.live import LiveView
from tui_batching.tui.views.metrics import MetricsView
from tui_batching.tui.views.slots import SlotsView
from tui_batching.tui.views.sweep_view import BatchSizeView, FrontierView, LoadView
from tui_batching.tui.views.utilization import UtilizationView
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

__all__ = ["VIEWS", "View"]
