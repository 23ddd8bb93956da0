"""Block characters of a screenshot as rectangles.

Terminals fill whole cells with `█`; in an SVG the glyphs of most fonts leave gaps between rows.
"""

from __future__ import annotations

import html
import re
from itertools import groupby

CELL = (12.2, 24.4)
"""Width and height of a cell in a screenshot by Rich."""
_ABOVE_BASELINE = 18.5
_BLOCKS = {
    "█": (0.0, 0.0, 1.0, 1.0),
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▐": (0.5, 0.0, 0.5, 1.0),
    **{sign: (0.0, 1 - n / 8, 1.0, n / 8) for n, sign in enumerate("▁▂▃▄▅▆▇", 1)},
    **{sign: (0.0, 0.0, n / 8, 1.0) for n, sign in enumerate("▏▎▍▌▋▊▉", 1)},
}
"""What each fills of its cell: left and top of it, width and height."""
_TEXT = re.compile(
    r'<text class="(?P<look>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+"'
    r' clip-path="(?P<clip>[^"]+)">(?P<words>[^<]*)</text>'
)


def with_filled_blocks(svg: str) -> str:
    """The screenshot with a rectangle for each run of the same block character."""
    return _TEXT.sub(_redrawn, svg)


def _redrawn(text: re.Match[str]) -> str:
    """One text of the screenshot: its blocks as rectangles, what is between them as texts."""
    look, clip = text["look"], text["clip"]
    words = html.unescape(text["words"])
    if not any(sign in _BLOCKS for sign in words):
        return text[0]
    drawn: list[str] = []
    x, top = float(text["x"]), float(text["y"]) - _ABOVE_BASELINE
    for block, group in groupby(words, key=lambda sign: sign if sign in _BLOCKS else ""):
        run = "".join(group)
        width = len(run) * CELL[0]
        if block:
            left, above, wide, high = _BLOCKS[block]
            wide = wide * CELL[0] if len(run) == 1 else width
            drawn.append(
                f'<rect class="{look}" shape-rendering="crispEdges" x="{x + left * CELL[0]:.1f}"'
                f' y="{top + above * CELL[1]:.1f}" width="{wide:.1f}"'
                f' height="{high * CELL[1] + 0.2:.1f}"/>'
            )
        else:
            drawn.append(
                f'<text class="{look}" x="{x:.1f}" y="{text["y"]}" textLength="{width:.1f}"'
                f' clip-path="{clip}">{html.escape(run).replace(" ", "&#160;")}</text>'
            )
        x += width
    return "".join(drawn)
