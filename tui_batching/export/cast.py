"""Recordings of a terminal as asciicast v2, which asciinema plays and agg makes pictures of.

The format: "asciicast file format (version 2)", asciinema. A header, then one event a line. Nothing
in it tells when or where it was recorded.
"""

from __future__ import annotations

import json
from typing import TextIO

_TERM = "xterm-256color"


class Cast:
    """A cast that is written event by event; before the first one nothing is written.

    Args:
        out: where to.
        size: columns and rows.
        title: what it shows.
    """

    def __init__(self, out: TextIO, size: tuple[int, int], title: str) -> None:
        self._out = out
        self._plain = (out.encoding or "").lower().replace("-", "") != "utf8"
        width, height = size
        about = {"version": 2, "width": width, "height": height, "title": title}
        self._header: object = {**about, "env": {"TERM": _TERM}}

    def write(self, seconds: float, text: str) -> None:
        """The terminal is sent a text, so many seconds after the beginning."""
        if self._header is not None:
            self._write_line(self._header)
            self._header = None
        self._write_line([round(seconds, 6), "o", text])

    def _write_line(self, line: object) -> None:
        self._out.write(json.dumps(line, ensure_ascii=self._plain) + "\n")
