"""The plain-ASCII glyph set: what stands for each sign where a terminal shows ASCII alone.

Every cell stays a cell, so that a picture is translated on its way out and nothing else need know.
Glyphs that mean different states within one picture stay different.
"""

from __future__ import annotations

import unicodedata

from rich.cells import get_character_cell_size

_SIGNS = {
    **dict(zip("█▓▒░·", "#%/:.", strict=True)),  # runs, done, held, prefill, free
    **dict(zip("›»‖", ">:!", strict=True)),  # decodes, is prefilled, stalled or paused
    **dict(zip("═↩▚", "=<&", strict=True)),  # lacks memory, evicted, processed again
    **dict(zip("▏▎▍▌▋▊▉", "|||]]]]", strict=True)),  # the tip of a bar
    **dict(zip("▁▂▃▄▅▆▇", "__===@@", strict=True)),  # levels, up to the full #
    **dict(zip("■◆●★✓✗", "#+o*+x", strict=True)),  # static, dynamic, continuous; best; claims
    **dict(
        zip("▽◑◐◧◇○◈", "yd(n<O%", strict=True)
    ),  # vLLM V0, SGLang, TGI, TensorRT-LLM, FastGen, Orca
    **dict(zip("▐▔▕", "[-|", strict=True)),  # a request begins; borders
    **dict(zip("▼▲◢▶▸◀▾▴", "v^/>><v^", strict=True)),
    **dict(zip("←→↑↓↕⇧", "<>^v|^", strict=True)),
    **dict(zip("‹–—…×µμ≤≥“”‘’", "<--~xuu<>\"\"''", strict=True)),
    **dict(zip("┊┆", "!!", strict=True)),  # saturation, p99: beside the uprights that are whole
    "\N{NO-BREAK SPACE}": " ",
    "\N{RIGHT-POINTING MAGNIFYING GLASS}": "> ",  # of Textual's command palette
}
_BRAILLE = 0x2800
_UPPER_DOTS, _LOWER_DOTS = 0b0001_1011, 0b1110_0100


class _Table(dict[int, str]):
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


_TABLE = _Table()


def to_ascii(text: str) -> str:
    """The text with ASCII in place of everything else, as wide as it was."""
    return text if text.isascii() else text.translate(_TABLE)
