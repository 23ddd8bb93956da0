"""The line charts: sizes, what is seen where, in which colour, and what they do not depend on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plotext
import pytest
from rich.color import Color, ColorSystem

from tui_batching.charts.plot import ChartSpec, Label, Level, Line, Vertical, draw
from tui_batching.charts.printing import printed
from tui_batching.charts.rows import Cells, text_of

ORANGE, VIOLET, TEAL = (Color.parse(name) for name in ("#e69f00", "#b18cf2", "cyan"))
TEXT, MUTED, WHITE = Color.parse("#eeeeee"), Color.parse("#888888"), Color.parse("#ffffff")
SIZES = [(20, 5), (21, 6), (33, 7), (40, 9), (70, 12), (80, 10), (160, 40), (300, 60)]


def waves(width: int = 70, height: int = 12, points: int = 300) -> ChartSpec:
    x = np.linspace(0.0, 10.0, points)
    lines = (
        Line("static", x, 50 + 40 * np.sin(x), ORANGE, "■"),
        Line("dynamic", x, 50 + 40 * np.sin(x + 1), VIOLET, "▲"),
        Line("continuous", x, 50 + 40 * np.sin(x + 2), TEAL, "●"),
    )
    labels = {"title": "utilization", "x_label": "time, s", "y_label": "useful, %"}
    return ChartSpec(width, height, lines, TEXT, MUTED, y_range=(0.0, 100.0), **labels)


def one(x: list[float], y: list[float], *, steps: bool = False, height: int = 12) -> ChartSpec:
    line = Line("static", np.array(x, float), np.array(y, float), ORANGE, "■", steps=steps)
    return ChartSpec(60, height, (line,), TEXT, MUTED, empty="no finished requests yet")


def draw_text(spec: ChartSpec, *, colour: bool) -> str:
    return printed(draw(spec), ColorSystem.TRUECOLOR if colour else None)


def colours(rows: list[Cells], wanted: str) -> set[Color | None]:
    """The colours of all cells whose character is one of `wanted`."""
    segments = [segment for row in rows for segment in row]
    return {s.style.color for s in segments if s.style and set(s.text.strip()) & set(wanted)}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_row_has_exactly_the_width_asked_for(width: int, height: int) -> None:
    rows = draw(waves(width, height))
    assert len(rows) == height
    assert {sum(segment.cell_length for segment in row) for row in rows} == {width}


@pytest.mark.parametrize("height", [0, 1, 3, 4, 5])
@pytest.mark.parametrize("width", [0, 1, 7, 8, 20])
def test_no_size_is_too_small(width: int, height: int) -> None:
    rows = draw(waves(width, height))
    assert [len(text_of(row)) for row in rows] == [width] * height


def test_with_one_row_for_all_values_it_says_that_there_is_no_room_rather_than_draw_them() -> None:
    low = draw_text(waves(60, 4), colour=False)
    assert "too few rows for a chart" in low
    assert "■" not in low
    assert "■" in draw_text(waves(60, 5), colour=False)


def test_title_labels_and_legend_are_on_the_chart() -> None:
    text = draw_text(waves(), colour=False)
    header, foot = text.splitlines()[0], text.splitlines()[-1]
    assert header.startswith("utilization · useful, %")
    assert header.endswith("■ static  ▲ dynamic  ● continuous")
    assert foot.endswith("time, s")
    assert foot.split()[:4] == ["0", "2", "4", "6"]


def test_in_a_narrow_chart_the_marks_stay_and_the_title_before_the_names() -> None:
    header = draw_text(waves(40, 5), colour=False).splitlines()[0]
    assert header.split() == ["utilization", "·", "useful,", "%", "■", "▲", "●"]
    untitled = replace(waves(20, 5), title="", y_label="")
    header = draw_text(untitled, colour=False).splitlines()[0]
    assert header.split() == ["■", "sta", "▲", "dyn", "●", "con"]


def test_every_line_has_its_colour_and_its_mark_on_the_canvas() -> None:
    rows = draw(waves())
    assert colours(rows, "■") == {ORANGE}
    assert colours(rows, "▲") == {VIOLET}
    assert colours(rows, "●") == {TEAL}
    braille = {chr(code) for code in range(0x2801, 0x2900)}
    assert colours(rows, "".join(braille)) == {ORANGE, VIOLET, TEAL}
    canvas = "".join(text_of(row) for row in rows[1:])
    assert min(canvas.count(mark) for mark in "■▲●") >= 3


def test_lines_that_coincide_still_show_all_their_marks() -> None:
    x = np.linspace(0.0, 1.0, 20)
    spec = waves()
    spec = replace(spec, lines=tuple(replace(line, x=x, y=0 * x) for line in spec.lines))
    canvas = "".join(text_of(row) for row in draw(spec)[1:])
    assert min(canvas.count(mark) for mark in "■▲●") >= 3


@pytest.mark.parametrize("x", [0.0, 0.7, 3.3, 5.0, 9.99, 10.0])
@pytest.mark.parametrize("width", [20, 70, 131])
def test_the_playhead_is_in_its_column(x: float, width: int) -> None:
    playhead = Vertical(x, WHITE)
    spec = replace(waves(width), lines=(), x_range=(0.0, 10.0), verticals=(playhead,), empty="")
    rows = [text_of(row) for row in draw(spec)[1:-2]]
    left = rows[0].index("┤") + 1
    wanted = left + x / 10 * (width - left - 1)
    found = [row.rfind("│") for row in rows]
    assert all(abs(column - wanted) <= 1 for column in found), (found, wanted)
    assert WHITE in colours(draw(spec), "│")


def test_a_playhead_beyond_the_axis_is_left_out() -> None:
    spec = replace(waves(), verticals=(Vertical(11.0, WHITE), Vertical(float("nan"), WHITE)))
    assert WHITE not in colours(draw(spec), "│")


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0], [float("nan")])])
def test_empty_data_says_so(x: list[float], y: list[float]) -> None:
    assert "no finished requests yet" in draw_text(one(x, y), colour=False)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([3.0], [5.0]),
        ([0.0, 1.0], [2.0, 2.0]),
        ([0.0, 1.0, 2.0, 3.0], [1.0, float("nan"), float("inf"), 2.0]),
        ([0.0, 1e-12], [0.0, 1e-12]),
        ([0.0, 1e9], [-1e15, 1e15]),
    ],
)
def test_odd_data_is_drawn(x: list[float], y: list[float]) -> None:
    assert "■" in "".join(text_of(row) for row in draw(one(x, y))[1:])


def test_one_finished_request_is_a_step_and_not_a_slope() -> None:
    spec = replace(one([0.0, 5.0, 10.0], [0.0, 100.0, 100.0], steps=True), lines=())
    slope = one([0.0, 5.0, 10.0], [0.0, 100.0, 100.0])
    step = one([0.0, 5.0, 10.0], [0.0, 100.0, 100.0], steps=True)
    rows = len(draw(spec)) // 2
    inked = [sum(c not in " │┤■" for c in text_of(draw(of)[rows])) for of in (step, slope)]
    assert inked[0] <= 2 <= inked[1] + 1


def test_the_ground_is_everywhere_and_codes_only_if_asked() -> None:
    ground = Color.parse("#112233")
    rows = draw(replace(waves(), background=ground))
    assert {s.style.bgcolor for row in rows for s in row if s.style} == {ground}
    assert "\x1b" not in draw_text(waves(), colour=False)
    assert "38;2;230;159;0" in draw_text(waves(), colour=True)


def test_large_numbers_are_shortened() -> None:
    spec = replace(waves(), y_range=(0.0, 40_000.0))
    assert "40k" in draw_text(spec, colour=False)


PROGRAM = """
import sys
from test_plot import draw_text, waves
sys.stdout.buffer.write(draw_text(waves(120, 30), colour=True).encode())
"""


@pytest.mark.parametrize(("columns", "lines"), [("20", "5"), ("500", "200"), (None, None)])
def test_it_depends_on_no_terminal(columns: str | None, lines: str | None) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "TERM")}
    if columns and lines:
        environment |= {"COLUMNS": columns, "LINES": lines, "NO_COLOR": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", PROGRAM]
    out = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert out.stdout.decode() == draw_text(waves(120, 30), colour=True)


def test_charts_do_not_touch_each_other_nor_plotext_s_own_figure() -> None:
    before = repr(plotext.figure), plotext.terminal.size(), plotext.figure.build().string()
    alone = draw(waves())
    draw(replace(waves(33, 7), verticals=(Vertical(3.0, WHITE),)))
    assert draw(waves()) == alone
    after = repr(plotext.figure), plotext.terminal.size(), plotext.figure.build().string()
    assert after == before


def test_charts_can_be_drawn_from_several_threads_at_once() -> None:
    specs = [waves(40 + number, 8 + number % 5) for number in range(12)]
    alone = [draw(spec) for spec in specs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(draw, specs * 4)) == alone * 4


def few(*places: tuple[float, float]) -> Line:
    x, y = np.array(places).T
    return Line("static", x, y, ORANGE, "■", points=True)


def canvas_of(*lines: Line, **others: Any) -> list[str]:
    """The rows of a chart of 60 x 12 without its header."""
    spec = ChartSpec(60, 12, lines, TEXT, MUTED, legend=False, **others)
    return [text_of(row) for row in draw(spec)][1:]


def test_few_points_are_all_marked_where_they_are_and_joined_in_their_order() -> None:
    rows = canvas_of(few((0, 0), (10, 10), (4, 5)))
    places = [(row.index("■"), number) for number, row in enumerate(rows) if "■" in row]
    left = rows[-2].index("└") + 1
    assert places[0] == (59, 0)  # the top right corner
    assert places[-1] == (left, 8)
    assert places[1][0] == left + round(0.4 * (59 - left))
    assert sum(row.count("■") for row in rows) == 3


def test_points_of_one_line_that_would_run_together_have_one_mark() -> None:
    rows = canvas_of(few((0, 5), (5, 5), (5.1, 5), (5.2, 5), (5.3, 9), (10, 5)))
    assert sorted(row.count("■") for row in rows if "■" in row) == [1, 3]


def test_points_at_one_place_are_marked_side_by_side() -> None:
    other = replace(few((5, 5), (6, 9)), name="dynamic", mark="▲", colour=VIOLET)
    rows = canvas_of(few((5, 5), (9, 1)), other, x_range=(0.0, 10.0), y_range=(0.0, 10.0))
    assert any("■▲" in row for row in rows)


def test_on_a_logarithmic_axis_equal_factors_are_equally_far_apart() -> None:
    rows = canvas_of(few((1, 1), (10, 100), (100, 10_000)), x_log=True, y_log=True)
    columns = [row.index("■") for row in rows if "■" in row]
    assert columns[0] - columns[1] == pytest.approx(columns[1] - columns[2], abs=1)
    assert rows[-1].split()[0] == "1"
    assert {"1┤", "100┤", "10k┤"} <= {row.split("┤")[0].strip() + "┤" for row in rows if "┤" in row}


def test_what_has_no_place_on_a_logarithmic_axis_is_left_out() -> None:
    rows = canvas_of(few((0, 5), (-3, 7), (1, 1), (10, 3)), x_log=True)
    assert sum(row.count("■") for row in rows) == 2
    rows = canvas_of(few((0, 5)), x_log=True, verticals=(Vertical(0.0, WHITE),), empty="nothing")
    assert any("nothing" in row for row in rows)


@pytest.mark.parametrize("x_log", [False, True])
def test_ticks_can_be_chosen(x_log: bool) -> None:
    rows = canvas_of(few((1, 1), (64, 3)), x_log=x_log, x_ticks=(1, 8, 32, 64, 99))
    assert rows[-1].split() == ["1", "8", "32", "64"]  # 64 is at the very end, 99 beyond it


def test_the_last_tick_gives_way_to_the_name_of_the_axis() -> None:
    rows = canvas_of(few((1, 1), (64, 3)), x_ticks=(1, 8, 32, 64), x_label="slots")
    assert rows[-1].split() == ["1", "8", "32", "slots"]


@pytest.mark.parametrize("height", range(8, 46, 3))
@pytest.mark.parametrize("upper", [90.0, 160.0, 230.0])
def test_a_level_stands_in_the_row_of_its_tick_behind_all_else(height: int, upper: float) -> None:
    line, limit = few((0, 0.4), (10, upper)), Level(1.0, WHITE, "limit")
    spec = ChartSpec(60, height, (line,), TEXT, MUTED, y_range=(0.3, upper), y_log=True)
    without, rows = (
        [text_of(row) for row in draw(each)] for each in (spec, replace(spec, levels=(limit,)))
    )
    [level] = [number for number, row in enumerate(rows[:-2]) if "─────" in row]
    assert rows[level].split("┤")[0].strip() == "1"
    assert all(other in (one, " ") for one, other in zip(rows[level], without[level], strict=True))
    assert any("limit" in row for row in rows[level - 1 : level + 2])


def test_an_upright_line_has_its_label_and_its_glyph() -> None:
    upright = Vertical(5.0, WHITE, "here", "┊")
    rows = canvas_of(few((0, 0), (10, 0)), y_range=(0.0, 9.0), verticals=(upright,))
    assert "┊here" in rows[0]
    assert all("┊" in row for row in rows[:8])
    assert not any("│" in row.split("│", 1)[-1] for row in rows[:8] if row.count("│") > 1)


def test_an_upright_line_may_be_a_mark_at_the_upper_edge() -> None:
    upright = Vertical(5.0, WHITE, "here", "┊", rows=2)
    rows = canvas_of(few((0, 4), (10, 4)), y_range=(0.0, 9.0), verticals=(upright,))
    assert ["┊" in row for row in rows[:-2]] == [True, True, *[False] * (len(rows) - 4)]
    whole = canvas_of(few((0, 4), (10, 4)), y_range=(0.0, 9.0))
    assert rows[2:-2] == whole[2:-2]


def test_labels_of_upright_lines_do_not_cover_each_other() -> None:
    uprights = tuple(Vertical(5.0 + 0.2 * n, WHITE, f"at{n}") for n in range(4))
    rows = canvas_of(few((0, 0), (10, 0)), y_range=(0.0, 9.0), verticals=uprights)
    assert all(any(f"at{n}" in row for row in rows) for n in range(4))


def test_a_label_is_beside_its_point_and_left_out_where_there_is_no_room() -> None:
    labels = (
        Label(5, 5, "five", WHITE),
        Label(10, 0, "corner", WHITE),
        Label(0, 9, "w" * 80, TEXT),
    )
    rows = canvas_of(few((5, 5)), x_range=(0.0, 10.0), y_range=(0.0, 10.0), labels=labels)
    assert any("■ five" in row for row in rows)
    assert rows[-3].rstrip().endswith("corner")
    assert not any("ww" in row for row in rows)


def test_labels_never_touch_each_other() -> None:
    labels = tuple(Label(5.0, 5.0 + n / 100, f"{n}", WHITE) for n in range(30))
    rows = canvas_of(few((5, 5)), x_range=(0.0, 10.0), y_range=(0.0, 10.0), labels=labels)
    found = [number for row in rows[:-2] for number in re.findall(r"\d+", row.partition("┤")[2])]
    assert set(found) <= {str(n) for n in range(30)}
