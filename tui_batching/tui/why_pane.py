"""Why somebody waits in each lane; or, of the selected request, where its time went so far."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
from rich.style import Style

from tui_batching.analysis.breakdown import Breakdown, breakdown
from tui_batching.analysis.why import request_name, why
from tui_batching.charts.palette import Palette
from tui_batching.charts.parts import SIGNS, add_parts
from tui_batching.charts.rows import Cells, Row, short, style
from tui_batching.clock import Picoseconds
from tui_batching.sim.moment import Moment
from tui_batching.tui.strip_view import StripView


def why_rows(moments: list[Moment], rows_each: int, width: int, palette: Palette) -> list[Cells]:
    """For each lane why its oldest waiting request waits, over at most `rows_each` rows."""
    rows: list[Cells] = []
    text = style(palette.text, palette.background)
    for moment in moments:
        label = _label(moment, palette)
        room = max(10, width - len(label[0]))
        lines = wrap(why(moment), room, max_lines=rows_each, placeholder="…")
        for number in range(rows_each):
            row = Row(width, text)
            row.add(*label) if number == 0 else row.gap(len(label[0]))
            rows.append(row.add(lines[number] if number < len(lines) else "", text).cells())
    return rows


def breakdown_rows(
    moments: list[Moment], request: int, rows_each: int, width: int, palette: Palette
) -> list[Cells]:
    """For each lane the parts of the selected request's time, as words and as a bar."""
    rows: list[Cells] = []
    amounts = [
        _amounts(breakdown(moment.run, np.array([request]), moment.time)) for moment in moments
    ]
    longest = max(sum(parts.values()) for parts in amounts)
    for moment, parts in zip(moments, amounts, strict=True):
        words = _words(moment, request, parts, width, palette)
        if len(words) < rows_each:
            indent = len(_label(moment, palette)[0])
            words.append(_stacked_bar(parts, longest, indent, width, palette))
        blank = Row(width, style(palette.text, palette.background)).cells()
        rows += (words + [blank] * rows_each)[:rows_each]
    return rows


def _label(moment: Moment, palette: Palette) -> tuple[str, Style]:
    name = moment.run.strategy.name
    return f" {name:<11} ", style(palette.strategy(name), palette.background, bold=True)


def _amounts(parts: Breakdown) -> dict[str, Picoseconds]:
    return {name: int(column[0]) for name, column in parts.columns().items()}


def _words(
    moment: Moment, request: int, parts: dict[str, Picoseconds], width: int, palette: Palette
) -> list[Cells]:
    """The parts in words, over as many rows as they take."""
    run, ground = moment.run, palette.background
    text, muted = style(palette.text, ground), style(palette.muted, ground)
    colour = palette.request(int(run.requests.id[request]))
    label = _label(moment, palette)
    row = Row(width, text).add(*label)
    row.add(request_name(moment, request), style(colour, ground, bold=True)).gap()
    if moment.time < int(run.requests.arrival_time[request]):
        return [row.add("has not arrived yet", muted).cells()]
    so_far = "took" if moment.time >= int(run.end[request]) else "so far"
    row.add(f"{so_far} {short(sum(parts.values()))} = ", text)
    rows: list[Cells] = []
    for number, (name, amount) in enumerate((n, a) for n, a in parts.items() if a):
        sign, state = SIGNS[name]
        joint = " + " if number else ""
        if len(f"{joint}{sign} {name} {short(amount)}") > row.left:
            rows.append(row.cells())
            row = Row(width, text).gap(len(label[0]))
        row.add(joint, muted).add(f"{sign} {name} ", style(palette.state(state), ground))
        row.add(short(amount), text)
    return [*rows, row.cells()]


def _stacked_bar(
    parts: dict[str, Picoseconds], longest: Picoseconds, indent: int, width: int, palette: Palette
) -> Cells:
    """The parts side by side; the longest of the lanes fills the width."""
    row = Row(width, style(palette.text, palette.background)).gap(indent)
    add_parts(row, parts, max(1, row.left - 1), longest, palette)
    return row.cells()


class WhyPane(StripView):
    """Shows one or the other."""

    DEFAULT_CSS = """
    WhyPane { background: $background; }
    """

    def show(self, moments: list[Moment], selected: int | None, palette: Palette) -> None:
        """Draw what has changed."""
        width, height = self.content_size
        rows_each = max(1, height // max(1, len(moments)))
        if selected is None:
            self.present(why_rows(moments, rows_each, width, palette))
        else:
            self.present(breakdown_rows(moments, selected, rows_each, width, palette))
