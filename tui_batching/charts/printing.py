"""Rows of cells as text, for terminals, stdout and files: in colours or none, in ASCII if need be.

Where a terminal shows ASCII alone, each sign has one that stands for it. Every cell stays a cell,
so that a chart is translated on its way out and nothing else need know. Signs that mean different
states within one chart stay different.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style

from tui_batching.charts.rows import Cells

_SIGNS = {
    **dict(zip("█╱▒░·", "#%/:.", strict=True)),  # works, shares, held, prefill, to come
    **dict(zip("›»‖", ">:!", strict=True)),  # decodes, is prefilled, stalled
    "▓": '"',  # of a prompt, what is read
    **dict(zip("═↩▚", "=<&", strict=True)),  # lacks memory, evicted, processed again
    **dict.fromkeys("▏▎▍▌▋▊▉", "o"),  # the tip of a bar: filled in part, as levels are
    **dict(zip("▁▂▃▄▅▆▇", ",_ooo@#", strict=True)),  # levels, up to the full #
    **dict(zip("★✓✗", "*+x", strict=True)),  # best; claims
    **dict(zip("▀━", "^=", strict=True)),  # large digits; what was played, and heads of lanes
    **dict(zip("▐▔▕", "[-|", strict=True)),  # a request begins; borders
    **dict(zip("◃▹", "()", strict=True)),  # answered before, arrives after what is seen
    **dict(zip("▼▲◢▶▸◀▾▴", "v^/>><v^", strict=True)),
    **dict(zip("←→↑↓↕⇧", "<>^v|^", strict=True)),
    **dict(zip("‹–—…×µμ≤≥≈“”‘’", "<--~xuu<>~\"\"''", strict=True)),
    "╵": "'",  # the tick of an axis, where ┃, the playhead, is |
    "≡": "$",  # cached
    "¦": ";",  # slowed
    "▀": '"',  # the upper half of a cell, of big letters
    **dict(zip("┊┆", "!!", strict=True)),  # saturation, p99: beside the uprights that are whole
    "\N{NO-BREAK SPACE}": " ",
    "\N{RIGHT-POINTING MAGNIFYING GLASS}": "> ",  # of Textual's command palette
}
_BRAILLE = 0x2800
_UPPER_DOTS, _LOWER_DOTS = 0b0001_1011, 0b1110_0100


class _Translation(dict[int, str]):
    """Finds the ASCII for a character once it is asked for."""

    def __missing__(self, code: int) -> str:
        found = chr(code) if code < 128 else _ascii_of(chr(code))
        self[code] = found
        return found


def _ascii_of(character: str) -> str:
    """As many ASCII characters as the other one takes cells."""
    code, name = ord(character), unicodedata.name(character, "")
    if character in _SIGNS:
        return _SIGNS[character]
    if _BRAILLE <= code < _BRAILLE + 256:
        above, below = code & _UPPER_DOTS, code & _LOWER_DOTS
        return ":" if above and below else "'" if above else "." if below else " "
    if name.startswith("BOX DRAWINGS"):
        across = any(word in name for word in ("HORIZONTAL", "LEFT", "RIGHT"))
        upright = any(word in name for word in ("VERTICAL", "UP", "DOWN"))
        return "+" if across and upright else "-" if across else "|"
    letter = unicodedata.normalize("NFKD", character)[:1]
    size = get_character_cell_size(character)
    return letter if size == 1 and letter.isascii() and letter.isprintable() else "?" * size


_TRANSLATION = _Translation()


def to_ascii(text: str) -> str:
    """The text with ASCII in place of everything else, as wide as it was."""
    return text if text.isascii() else text.translate(_TRANSLATION)


def printed(rows: Sequence[Cells], colours: ColorSystem | None, *, ascii_only: bool = False) -> str:
    """The rows as lines of text, with escape codes for as many colours as there are, or none.

    Without colours they are without spaces at their ends and without empty lines at the end.
    """
    lines = [_line(row, colours) for row in rows]
    lines = [to_ascii(line) for line in lines] if ascii_only else lines
    return "\n".join(lines) if colours else "\n".join(line.rstrip() for line in lines).rstrip()


def _line(row: Cells, colours: ColorSystem | None) -> str:
    styled = ((segment.text, segment.style or Style.null()) for segment in row)
    return "".join(style.render(text, color_system=colours) for text, style in styled)
