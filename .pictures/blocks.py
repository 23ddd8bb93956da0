"""Block characters of a screenshot as rectangles.

Terminals fill whole cells with `█` and `▒`; in an SVG the glyphs of most fonts leave gaps between
rows.
"""

from __future__ import annotations

import html
import re
from itertools import groupby

_CELL = (12.2, 24.4)
"""Width and height of a cell in a screenshot by Rich."""
_ABOVE_BASELINE = 18.5
_BLOCKS = {
    **dict.fromkeys("█░▒▓", (0.0, 0.0, 1.0, 1.0)),
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▐": (0.5, 0.0, 0.5, 1.0),
    **{sign: (0.0, 1 - n / 8, 1.0, n / 8) for n, sign in enumerate("▁▂▃▄▅▆▇", 1)},
    **{sign: (0.0, 0.0, n / 8, 1.0) for n, sign in enumerate("▏▎▍▌▋▊▉", 1)},
}
"""What each fills of its cell: left and top of it, width and height."""
_SHADES = {"░": ((0, 0),), "▒": ((0, 0), (2, 2)), "▓": ((0, 0), (2, 0), (2, 2))}
"""The dots of a shade, of 2 pixels in a square of 4."""
_TEXT = re.compile(
    r'<text class="(?P<look>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+"'
    r' clip-path="(?P<clip>[^"]+)">(?P<words>[^<]*)</text>'
)


def with_filled_blocks(svg: str) -> str:
    """The screenshot with a rectangle for each run of the same block character."""
    colours = dict(re.findall(r"\.([\w-]+) \{ fill: (#\w+)", svg))
    drawn = _TEXT.sub(_redrawn, svg)
    used = sorted(set(re.findall(r"url\(#shade(\d)-([\w-]+)\)", drawn)))
    patterns = "".join(_pattern(int(shade), look, colours[look]) for shade, look in used)
    return drawn.replace("</defs>", f"{patterns}</defs>", 1)


def _pattern(shade: int, look: str, colour: str) -> str:
    dots = "".join(
        f'<rect x="{x}" y="{y}" width="2" height="2" fill="{colour}"/>'
        for x, y in list(_SHADES.values())[shade]
    )
    return (
        f'<pattern id="shade{shade}-{look}" width="4" height="4" patternUnits="userSpaceOnUse">'
        f"{dots}</pattern>"
    )


def _redrawn(text: re.Match[str]) -> str:
    """One text of the screenshot: its blocks as rectangles, what is between them as texts."""
    words = html.unescape(text["words"])
    if not any(sign in _BLOCKS for sign in words):
        return text[0]
    drawn: list[str] = []
    x, top = float(text["x"]), float(text["y"]) - _ABOVE_BASELINE
    for block, group in groupby(words, key=lambda sign: sign if sign in _BLOCKS else ""):
        run = "".join(group)
        width = len(run) * _CELL[0]
        drawn.append(_block(block, text["look"], x, top, width) if block else _words(text, run, x))
        x += width
    return "".join(drawn)


def _block(sign: str, look: str, x: float, top: float, width: float) -> str:
    """A run of the same block character; one that fills only the left of its cell is alone."""
    left, above, share, high = _BLOCKS[sign]
    wide = width if share == 1 else share * _CELL[0]
    fill = f' fill="url(#shade{list(_SHADES).index(sign)}-{look})"' if sign in _SHADES else ""
    return (
        f'<rect{fill or f" class={chr(34)}{look}{chr(34)}"} shape-rendering="crispEdges"'
        f' x="{x + left * _CELL[0]:.1f}" y="{top + above * _CELL[1]:.1f}" width="{wide:.1f}"'
        f' height="{high * _CELL[1] + 0.2:.1f}"/>'
    )


def _words(text: re.Match[str], run: str, x: float) -> str:
    width = len(run) * _CELL[0]
    return (
        f'<text class="{text["look"]}" x="{x:.1f}" y="{text["y"]}" textLength="{width:.1f}"'
        f' clip-path="{text["clip"]}">{html.escape(run).replace(" ", "&#160;")}</text>'
    )
