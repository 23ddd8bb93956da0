"""Choosing a workload: one of the bundled ones, or a file."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_batching.charts.rows import column
from tui_batching.errors import InputError, sentence_of
from tui_batching.tui.background import aside
from tui_batching.tui.screens.dialog import Dialog
from tui_batching.workload import Workload, bundled_workloads, load_workload

_NAME = 20
"""Cells of the column of names."""


class PickWorkload(Dialog[Workload | None]):
    """Gives the workload that was picked, or None."""

    DEFAULT_CSS = """
    PickWorkload > Vertical { width: 96; height: 94%; }
    PickWorkload OptionList, PickWorkload OptionList:focus { height: 1fr; max-height: 100%; }
    PickWorkload Input { border: tall $bar-track; }
    PickWorkload .error { color: $error; height: auto; padding: 0 1; display: none; }
    PickWorkload .error.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="workload.close", tooltip="Keep the workload."),
    ]

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._workloads = [load_workload(path) for path in bundled_workloads().values()]

    def compose(self) -> ComposeResult:
        """The list, and a line for a path."""
        with Vertical() as box:
            box.border_title = "workload · enter picks · escape closes"
            options = [self._option(workload) for workload in self._workloads]
            yield OptionList(*options, id="workloads")
            yield Input(placeholder="or the path of a workload file", id="path")
            yield Static(classes="error", markup=False)

    def on_mount(self) -> None:
        """Start at the workload that is on stage."""
        names = [workload.name for workload in self._workloads]
        options = self.query_one("#workloads", OptionList)
        options.highlighted = names.index(self._current) if self._current in names else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the bundled workload."""
        self.dismiss(self._workloads[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the workload in the file, or say what is wrong with it."""
        self.run_worker(self._read(event.value.strip()), group="read", exclusive=True)

    async def _read(self, path: str) -> None:
        try:
            workload = await aside(load_workload, path)  # it may be long
        except (InputError, MemoryError) as error:
            message = self.query_one(Static)
            message.update(sentence_of(error))
            message.add_class("-shown")
        else:
            self.dismiss(workload)

    @staticmethod
    def _option(workload: Workload) -> Option:
        name, count = column(workload.name, _NAME), len(workload.requests)
        text = Text.assemble((name, "bold"), f"{count:>6,} requests\n", workload.description)
        return Option(text)
