"""What is done to lines before they are drawn: thinned, cut at a window, in pieces, as stairs."""

from __future__ import annotations

import numpy as np
import pytest

from tui_batching.charts.polyline import finite_pieces, staircase, thin, window


def test_a_million_points_draw_what_their_outline_draws() -> None:
    x = np.linspace(0.0, 1.0, 1_000_001)
    y = np.where(np.arange(len(x)) == 700_000, 1.0, 0.0)
    assert thin(x, y, 140, 0.01)[1].max() == 1.0
    assert len(thin(x, y, 140, 0.01)[0]) < 10


def test_thinning_moves_nothing_by_more_than_its_tolerance() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    x, y = np.linspace(0.0, 1.0, 200), np.cumsum(generator.normal(size=200))
    thin_x, thin_y = thin(x, y, 100, 0.3)
    assert len(thin_x) < 150
    assert np.abs(np.interp(x, thin_x, thin_y) - y).max() <= 0.3 + 1e-12


@pytest.mark.parametrize(
    ("lower", "upper", "x", "y"),
    [
        (0.5, 2.5, [0.5, 1, 2, 2.5], [5, 10, 20, 25]),
        (1.0, 2.0, [1, 2], [10, 20]),
        (1.2, 1.8, [1.2, 1.8], [12, 18]),
        (-5.0, 9.0, [0, 1, 2, 3], [0, 10, 20, 30]),
        (4.0, 5.0, [], []),
        (-5.0, -4.0, [], []),
    ],
)
def test_a_window_cuts_lines_at_its_borders(
    lower: float, upper: float, x: list[float], y: list[float]
) -> None:
    xs, ys = window(np.arange(4.0), np.arange(4.0) * 10, lower, upper)
    assert xs.tolist() == x
    assert ys.tolist() == pytest.approx(y)


def test_pieces_leave_out_what_is_not_a_number() -> None:
    nan = float("nan")
    pieces = finite_pieces(np.arange(6.0), np.array([nan, 1, 2, nan, nan, 5]))
    assert [xs.tolist() for xs, _ in pieces] == [[1, 2], [5]]
    assert finite_pieces(np.array([]), np.array([])) == []


def test_a_staircase_keeps_a_value_until_the_next() -> None:
    x, y = staircase(np.array([0.0, 1.0, 3.0]), np.array([0.0, 5.0, 9.0]))
    assert list(zip(x.tolist(), y.tolist(), strict=True)) == [
        (0, 0), (1, 0), (1, 5), (3, 5), (3, 9),
    ]  # fmt: skip
