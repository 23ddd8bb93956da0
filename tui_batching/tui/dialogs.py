"""The screens that open over the main one: the dialogs and the help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_batching.charts.rows import Row, column, wrapped
from tui_batching.cost import Cost
from tui_batching.errors import InputError, sentence_of
from tui_batching.strategies import MeasuredServer, Strategy, mark_of
from tui_batching.tui.background import aside
from tui_batching.tui.bindings import Key, KeyTable
from tui_batching.tui.exports import EXPORTS, Export
from tui_batching.tui.knobs import COST, Knobs
from tui_batching.tui.panes import StripView
from tui_batching.tui.textual_internals import EndsWorkFirst, bind
from tui_batching.workload import (
    Workload,
    bundled_profiles,
    bundled_workloads,
    load_profile,
    load_workload,
    path_of_text,
)


class Dialog(EndsWorkFirst, ModalScreen[ScreenResultType]):
    """A box as high as what is in it, while there is room; it holds a list or a text."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical, Dialog > VerticalScroll {
        max-width: 96%; height: auto; max-height: 94%;
        background: $panel; border: round $accent; border-title-color: $accent;
    }
    Dialog OptionList, Dialog OptionList:focus {
        height: auto; max-height: 70vh; background: $panel; border: none;
    }
    """

    def close_with(self, *keys: Key) -> None:
        """Close with these as well, such as the one that opened it."""
        bind(self, (Binding(key.keys, "dismiss", show=False) for key in keys if key.keys))


_WORKLOAD_NAME = 20
"""Cells of the column of the names of workloads."""


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
        """Start at the workload that is shown."""
        names = [workload.name for workload in self._workloads]
        options = self.query_one("#workloads", OptionList)
        options.highlighted = names.index(self._current) if self._current in names else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the bundled workload."""
        self.dismiss(self._workloads[event.option_index])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the workload in the file, or say what is wrong with it."""
        self.run_worker(self._read(path_of_text(event.value)), group="read", exclusive=True)

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
        name, count = column(workload.name, _WORKLOAD_NAME), len(workload.requests)
        text = Text.assemble((name, "bold"), f"{count:>6,} requests\n", workload.description)
        return Option(text)


_OWN = "as loaded"
_COST_NAME = 24
"""Cells of the column of the names of costs."""


class PickCost(Dialog[Knobs | None]):
    """Gives the knobs with the cost that was picked, or None."""

    DEFAULT_CSS = """
    PickCost > Vertical { width: 84; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="cost.close", tooltip="Keep the cost."),
    ]

    def __init__(self, knobs: Knobs, opened_by: Key) -> None:
        super().__init__()
        self.close_with(opened_by)
        self._knobs = knobs
        self._names: list[str | None] = [None, *bundled_profiles()]

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical() as box:
            box.border_title = "what an iteration costs · enter picks · escape closes"
            yield OptionList(*map(self._option, self._names), id="costs")

    def on_mount(self) -> None:
        """Start at the cost that is used."""
        self.query_one(OptionList).highlighted = self._names.index(self._knobs.settings.get(COST))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was chosen."""
        self.dismiss(self._knobs.choose_cost(self._names[event.option_index]))

    def _option(self, name: str | None) -> Option:
        cost = load_profile(name) if name else self._knobs.base.cost
        label = column(name or _OWN, _COST_NAME)
        return Option(Text.assemble((label, "bold"), _described(cost)))


def _described(cost: Cost) -> str:
    """One line: whose times they are; a profile that was loaded is named."""
    if cost.profile is None:
        return f"the workload's own {cost.name} times"
    return cost.profile.description + (", kernels only" if cost.profile.kernels_only else "")


class PickExport(Dialog[Export | None]):
    """Gives what is to be saved, or None."""

    DEFAULT_CSS = """
    PickExport > Vertical { width: 56; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="export.close", tooltip="Save nothing."),
    ]

    def __init__(self, opened_by: Key) -> None:
        super().__init__()
        self.close_with(opened_by)

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical() as box:
            box.border_title = "save in this folder · enter saves · escape closes"
            yield OptionList(*(export.label for export in EXPORTS))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was chosen."""
        self.dismiss(EXPORTS[event.option_index])


_BOLD = Style(bold=True)

READING = (
    ("lanes", "the same requests, served in each lane by another strategy"),
    ("slots", "█ tokens made, · to come; cells are as long in every lane"),
    ("", "▒ held: finished, but there until the batch ends: the bubble"),
    ("", "‖ stalled: waits while the prompt of another is prefilled"),
    ("", "░ prefill: its prompt is processed, before the first token"),
    ("", "many slots, a sign each: ▁ to █ tokens, ░ prefill, + joined"),
    ("white", "it happened just now (black if light); ▸ the selected request"),
    ("focus", "{STATIC} in focus: keys act on it, or a chapter tells of it"),
    ("queue", "who waits, who came first at the left; and the longest wait"),
    ("shares", "of all slot-time so far: useful █, held ▒, stalled ‖, free ·"),
    ("race", "who was answered, in order; mean and p99 are over them alone"),
    ("", "open: who is not answered yet, and the age of the oldest"),
    ("latency", "of the selected request, as a sum: + waits as a batch forms,"),
    ("", "─ waits for a slot, ═ for memory, ~ for its turn,"),
    ("", "░ prefill, ‖ stalled, █ decode, ▒ held,"),
    ("", "╱ sharing: its steps are longer as others decode, too"),
    ("reader", "its answer as it is read; words are made up, one a token"),
)
"""How to read a lane: what is told of, and the words."""

READING_ENGINES = (
    ("engines", "STEP: a forward pass, of decodes and parts of prompts alike"),
    ("prompts", "[▓▓░░··] read before, read in this step, to come"),
    ("", "▚ processed again after an eviction; skipped: gets no step"),
    ("", "¦ slowed: gets its token, in a step that others' prompts lengthen"),
    ("", "≡ found in the prefix cache: computed for a request before"),
    ("memory", "KV [██▂▂≡≡··] holds tokens, is taken but empty, is free to"),
    ("", "take but still cached ≡, is free"),
    ("queue", "↩R1 was evicted, and has so many tokens to redo"),
)
"""What there is to be read besides in the lane of an engine."""

READING_LOG = (
    ("measured", "what the server's log tells, and nothing else"),
    ("", "≈ tokens spread evenly from the first one to the last"),
    ("", "its rows are no slots: a request has the lowest one that is free"),
    ("", "+1.0% is the error: how far the simulated value is off"),
)
"""What there is to be read besides where a server's log has a lane."""


def reading(strategies: Sequence[Strategy]) -> list[tuple[str, str]]:
    """How to read the lanes of these strategies: what is told of, and the words."""
    pairs = (f"{mark_of(each.name)}\N{NO-BREAK SPACE}{each.name}" for each in strategies)
    ends = f"all answered: {', '.join(pairs)} (letters that touch: at once)"
    time = f"▾ a request arrives, ┃ now, ━ played, {ends}"
    engines = READING_ENGINES if any(each.is_engine for each in strategies) else ()
    log = READING_LOG if any(isinstance(each, MeasuredServer) for each in strategies) else ()
    return [*READING, *engines, *log, ("time", time)]


class HelpScreen(Dialog[str | None]):
    """How to read the lanes, and what each key does; gives the action that comes next, or None."""

    DEFAULT_CSS = """
    HelpScreen > VerticalScroll { width: 104; padding: 0 1; }
    HelpScreen Static { width: 1fr; padding: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss", "Close", id="help.close", tooltip="Close the help."),
    ]

    def __init__(
        self, keys: KeyTable, strategies: Sequence[Strategy], *, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._keys, self._strategies, self._ascii = keys, strategies, ascii_only
        self.close_with(keys.called("help"), keys.called("quit"))
        if keys.called("glossary").keys:
            bind(self, [Binding(keys.called("glossary").keys, "dismiss('glossary')", show=False)])

    def compose(self) -> ComposeResult:
        """The text and the keys."""
        glossary = self._keys.called("glossary").written(ascii_only=self._ascii)[0]
        with VerticalScroll() as box:
            box.border_title = "help · escape closes"
            yield HangingTexts([((label,), text) for label, text in reading(self._strategies)])
            yield Static(
                f"ctrl+p finds each of these keys by name; {glossary} tells what each word means.",
                markup=False,
            )
            yield HangingTexts(_told_keys(self._keys, ascii_only=self._ascii))


def _told_keys(keys: KeyTable, *, ascii_only: bool) -> list[tuple[tuple[str, ...], str]]:
    """How each key is written, what it is called, and what it does."""
    return [
        ((" ".join(key.written(ascii_only=ascii_only)), key.name), key.help_text) for key in keys
    ]


class HangingTexts(StripView):
    """Texts below each other, over lines that fit; beside the first line stand its headings.

    Textual asks for the height of a table several times, and each time draws it.

    Args:
        told: for each text its headings, of which the first one is bold, and the text.
    """

    DEFAULT_CSS = """
    HangingTexts { width: 1fr; height: auto; }
    """

    def __init__(self, told: Sequence[tuple[Sequence[str], str]]) -> None:
        super().__init__()
        self._told = told
        columns = zip(*(headings for headings, _ in told), strict=True)
        self._cells = [max(map(cell_len, column)) + 2 for column in columns]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as the texts take."""
        return sum(len(self._lines(text, width)) for _, text in self._told)

    def on_resize(self) -> None:
        """Fill the width."""
        width, look = self.content_size.width, self.rich_style
        rows = []
        for headings, text in self._told:
            for number, line in enumerate(self._lines(text, width)):
                row = Row(width, look)
                ink = look + _BOLD
                for heading, cells in zip(headings, self._cells, strict=True):
                    row.add(set_cell_size("" if number else heading, cells), ink)
                    ink = look
                rows.append(row.add(line, look).cells())
        self.present(rows)

    def _lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, max(20, width - sum(self._cells)))
