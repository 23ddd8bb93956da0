"""What plotext does not promise is used in one file, which says in what version it was read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import plotext
from command_line import CHECKOUT

import tui_batching
from tui_batching.charts import plotext_figure
from tui_batching.charts.axis import Axis
from tui_batching.charts.plotext_figure import Stroke, figure_rows, new_figure

PACKAGE = Path(tui_batching.__file__).parent
HOME = Path(plotext_figure.__file__)


def test_no_other_module_knows_plotext() -> None:
    knowing = re.compile(r"^\s*(import|from) plotext\b", re.MULTILINE)
    files = [file for file in PACKAGE.rglob("*.py") if knowing.search(file.read_text("utf-8"))]
    assert files == [HOME]


def test_the_version_that_it_was_read_in_is_the_one_that_is_tested() -> None:
    [read] = re.findall(r"plotext\s(\d+\.\d+\.\d+)", str(plotext_figure.__doc__))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert f"plotext=={read}" in project["optional-dependencies"]["dev"]


def test_every_figure_is_a_new_one_of_plotexts_own_kind() -> None:
    one, other = new_figure(), new_figure()
    assert one is not other
    assert plotext.figure not in (one, other)
    assert type(one) is type(other) is type(plotext.figure)


def test_a_figure_is_as_large_as_asked_for_and_each_thing_has_its_ink() -> None:
    axes = Axis.over((0.0, 10.0), 5), Axis.over((0.0, 1.0), 3)
    strokes = [
        Stroke([0.0, 10.0], [0.0, 1.0], "braille", 4, joined=True),
        Stroke([5.0], [0.5], "●", 5, joined=False),
    ]
    rows = figure_rows((300, 80), axes, 2, [(7, 2.5), (8, 11.0)], strokes)
    assert [len(row) for row in rows] == [300] * 80
    inks: dict[int, str] = {}
    for character, ink in (cell for row in rows for cell in row):
        inks[ink] = inks.get(ink, "") + character
    assert sorted(inks) == [0, 2, 4, 5, 7], "what is beyond the axes has no ink"
    assert inks[5] == "●"
    assert set(inks[7]) == {"│"}
    assert all("\u2800" < dots <= "\u28ff" for dots in inks[4])
    assert len(inks[4]) > 200
    for tick in ("0", "10", "0.5"):
        assert tick in inks[2]
