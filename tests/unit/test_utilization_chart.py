"""The picture of occupied and useful slots, against the exact integrals that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from stage import MS, crowd, hand_made, on_stage, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import ChartRequest
from tui_batching.charts.rows import LEVELS, Cells, filled_cells
from tui_batching.charts.utilization_panels import slot_hints, utilization_chart
from tui_batching.clock import Picoseconds
from tui_batching.cost import LinearCost
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import bundled_workloads, load_workload

NOTEBOOK = scene_of(load_workload("notebook"))
AREA = slice(5, -19)
"""The columns between the axis of slots and the labels."""


def rows_of(scene: Scene, width: int, height: int, time: Picoseconds = 0) -> list[str]:
    return texts(utilization_chart(ChartRequest(scene, time, width, height, palette())))


def panels(rows: list[str]) -> list[list[str]]:
    """The rows with slots of each panel."""
    starts = [number for number, row in enumerate(rows) if "━" in row]
    axis = next(number for number, row in enumerate(rows) if "╵" in row)
    ends = [*starts[1:], axis]
    return [
        [row for row in rows[start:end] if row[4] in "┤│"]
        for start, end in zip(starts, ends, strict=True)
    ]


@pytest.mark.parametrize("size", [(80, 19), (120, 31), (160, 40), (60, 15)])
def test_each_column_is_as_high_as_its_mean(size: tuple[int, int]):
    rows = rows_of(NOTEBOOK, *size)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    columns = size[0] - 24
    drawn = panels(rows)
    assert len(drawn) == 3
    for panel, series in zip(drawn, NOTEBOOK.utilization(columns), strict=True):
        height = len(panel)
        area = [row[AREA] for row in panel]
        for column in range(1, columns):  # the playhead is in column 0
            stack = [row[column] for row in area]
            useful = sum(LEVELS.index(cell) for cell in stack if cell in LEVELS) / 8
            whole = series.held[column] > 0 and not useful % 1  # as the hatch above it has to be
            near = 0.51 if whole else 0.07
            assert useful == pytest.approx(series.useful[column] * height, abs=near)
            parts = {"‖": series.stalled[column], "▒": series.held[column]}
            below = series.useful[column] * height
            for sign, share in parts.items():
                if sign in stack:
                    top = height - stack.index(sign)
                    assert top == pytest.approx(below + share * height, abs=0.51)
                below += share * height


def test_a_column_with_nothing_stays_empty_and_a_little_is_seen():
    cells = filled_cells(np.array([0, 0.001, 0.5, 1, 1.99, 2]), 2)
    assert ["".join(row) for row in cells] == ["    ██", " ▁▄███"]


def test_the_shares_of_each_strategy_are_told():
    rows = rows_of(NOTEBOOK, 100, 30)
    for panel, result in zip(panels(rows), NOTEBOOK.comparison, strict=True):
        labels = "\n".join(row[-19:] for row in panel)
        for name in ("occupied", "useful", "held", "stalled"):  # as the tables tell them
            share = 100 * getattr(result.utilization, name)
            assert bool(re.search(f"{name} {share:.1f} %", labels)) == (share > 0), (name, labels)


@pytest.mark.parametrize("height", [30, 60])
def test_no_share_of_the_bubble_looks_like_a_height(height: int) -> None:
    """It is in a bracket between the two averages whose difference it is, or a part of a sum."""
    bracketed = 0
    for panel in panels(rows_of(NOTEBOOK, 120, height)):
        labels = [row[AREA.stop :].rstrip() for row in panel]
        occupied, useful = (
            next(place for place, label in enumerate(labels) if name in label)
            for name in ("occupied", "useful")
        )
        parts = [place for place, label in enumerate(labels) if re.search("held|stalled", label)]
        if labels[occupied].startswith("╌┐"):
            bracketed += 1
            assert labels[useful].startswith("╌┘")
            assert all(label.startswith(" │") for label in labels[occupied + 1 : useful])
            assert occupied < min(parts) <= max(parts) < useful
        else:
            assert parts == list(range(useful + 1, useful + 1 + len(parts)))
            assert all(labels[place].startswith(" + ") for place in parts)
    assert bracketed == (3 if height == 60 else 1)


@pytest.mark.parametrize(
    ("name", "signs"), [("notebook", "█▒‖"), ("rag", "█▒‖"), ("equal-lengths", "█‖")]
)
def test_the_hint_names_the_signs_that_are_seen(name: str, signs: str) -> None:
    scene = scene_of(load_workload(name))
    for hint in slot_hints(scene):
        assert "".join(re.findall(r"\((.)\)", hint)) == signs


@pytest.mark.parametrize("name", ["notebook", "illustrative", "rag", "engines"])
def test_the_shares_in_a_heading_add_up(name: str) -> None:
    scene = scene_of(load_workload(name))
    headings = [row for row in rows_of(scene, 120, 40) if "━" in row]
    assert len(headings) == len(scene.runs)
    for heading in headings:
        assert re.search(
            r"useful [\d.]+ % \+ ▒ held [\d.]+ %(?: \+ (?:‖ stalled|¦ slowed) [\d.]+ %)? \+ free",
            heading,
        )
        *parts, whole = map(Decimal, re.findall(r"([\d.]+) %", heading))
        assert sum(parts) == whole == 100


def test_an_average_stands_at_its_height():
    rows = rows_of(NOTEBOOK, 120, 60)
    for panel, result in zip(panels(rows), NOTEBOOK.comparison, strict=True):
        for name in ("occupied", "useful"):
            row = next(i for i, text in enumerate(panel) if f" {name} " in text)
            share = getattr(result.utilization, name)
            assert len(panel) - 1 - row == int(share * len(panel))
            assert panel[row][AREA.stop :].startswith("╌")
            assert "╌" not in panel[row][AREA]


def test_the_playhead_stands_where_the_time_is():
    for share in (0, 0.25, 0.5, 1):
        rows = rows_of(NOTEBOOK, 124, 31, int(NOTEBOOK.end * share))
        axis = next(row for row in rows if "╵" in row)
        column = axis.index("┃")
        assert column == 5 + min(99, int(100 * share))
        assert all(row[column] == "┃" for panel in panels(rows) for row in panel)


def test_it_says_why_occupied_misleads():
    text = " ".join(" ".join(rows_of(NOTEBOOK, 80, 19)[-2:]).split())
    assert text == (
        "A held slot counts as occupied, so static is fullest: 89.2 % occupied, 26.1 % held; "
        "continuous is busiest: 69.2 % useful."
    )
    rag = load_workload("rag")
    text = " ".join(" ".join(rows_of(scene_of(rag), 160, 40)[-3:]).split())
    assert "Static is fullest and busiest: 79.1 % occupied, 70.8 % useful" in text
    read_together = replace(rag, cost=LinearCost(prefill_per_token=300_000_000))
    text = " ".join(" ".join(rows_of(scene_of(read_together), 160, 40)[-3:]).split())
    assert "Continuous is fullest: 57.4 % occupied" in text
    assert "24 % of the slot time of continuous is stalled by prefills of others" in text


def said(rows: list[str]) -> str:
    """What stands below the axis of time."""
    axis = max(number for number, row in enumerate(rows) if "╵" in row)
    return " ".join(" ".join(rows[axis + 1 :]).split())


@pytest.mark.parametrize("workload", bundled_workloads())
def test_what_is_said_is_a_whole_sentence_however_narrow(workload: str):
    scene = scene_of(load_workload(workload))
    for size in ((60, 25), (80, 25), (120, 33)):
        text = said(rows_of(scene, *size))
        assert text[0].isupper(), (size, text)
        assert text.endswith("."), (size, text)


def test_all_who_are_told_alike_are_named():
    equal = scene_of(load_workload("equal-lengths"))
    assert said(rows_of(equal, 80, 19)) == (
        "Static and dynamic are fullest and busiest: 100.0 % occupied, 100.0 % useful; "
        "their steps are billed for the whole batch."
    )
    three = [Static(4), Dynamic(4, 500 * MS), Continuous(4)]
    one = scene_of(hand_made((0, 5, 1), strategies=three))
    assert said(rows_of(one, 80, 19)) == (
        "Static, dynamic and continuous are alike: 25.0 % occupied, 25.0 % useful."
    )


def test_one_slot_one_strategy_and_no_room_are_drawn_as_well():
    alone = scene_of(hand_made((0, 1, 1), strategies=[Static(1)]))
    assert any("100.0 %" in row for row in rows_of(alone, 60, 12))
    for size in ((0, 0), (10, 5), (39, 20), (200, 3)):
        assert [len(row) for row in rows_of(alone, *size)] == [size[0]] * size[1]


async def test_the_view_draws_thousands_of_requests_on_many_slots():
    async with on_stage(crowd(5000, 256, gap=3), (120, 36), view="4") as stage:
        await stage.seek(500 * MS)
        seen = stage.seen()
        assert "256┤" in seen
        assert "▒ held" in seen
        before = next(row for row in stage.rows() if "╵" in row).index("┃")
        await stage.press("end")
        assert next(row for row in stage.rows() if "╵" in row).index("┃") > before


def test_what_the_playhead_has_not_reached_is_dim():
    at = ChartRequest(NOTEBOOK, NOTEBOOK.end // 2, 124, 31, palette())
    held = palette().held

    def bright(rows: list[Cells]) -> list[int]:
        """The columns in which the hatch has its full colour."""
        found = set[int]()
        for row in rows:
            signs = [(sign, part.style) for part in row for sign in part.text]
            if any(sign == "━" for sign, _ in signs):
                continue  # a heading has signs, too, and so have the labels behind the chart
            places = enumerate(signs[:105])
            found |= {x for x, (s, look) in places if s == "▒" and look and look.color == held}
        return sorted(found)

    assert 10 < max(bright(utilization_chart(at))) <= 5 + 50
    whole = bright(utilization_chart(replace(at, time=NOTEBOOK.end)))
    assert max(whole) > 5 + 90
