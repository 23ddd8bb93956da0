"""An open trace: its lines, decompressed and checked, a few at a time."""

from __future__ import annotations

import codecs
import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from tui_batching.errors import InputError
from tui_batching.reading.files import open_file, unreadable
from tui_batching.workload.model import ReadingProgress
from tui_batching.workload.traces.packed import DAMAGED, damage, unpacked

LONGEST_LINE = 64 * 2**20
"""Bytes: the line of a Mooncake trace for the longest prompt there may be takes 50 million."""

LARGEST_DOCUMENT = 2**30
"""Bytes of a format that is read as one document."""

_HEAD = 64 * 2**10
_BLOCK = 64 * 2**10
"""Bytes: what fits the processor's cache is read fastest."""

_TOLD_BY = 40
"""Bytes by which text in UTF-16 is told that does not begin with a mark."""

_TOLD_EVERY = 2**16
"""Bytes between two tellings of the progress."""


class TraceText:
    """The text of a trace, plain or packed; made by `open_text`.

    Attributes:
        where: the file's name for error messages.
        head: the first 64 KiB, to recognise the format by.
        line: the number of lines that have been read.
    """

    def __init__(self, raw: BinaryIO, path: Path, progress: ReadingProgress) -> None:
        self.where = str(path)
        self._path = path
        self._raw = raw
        self._progress = progress
        self.line = self._untold = 0
        self._size = os.fstat(raw.fileno()).st_size
        with self._telling_damage():
            self._bytes = unpacked(raw, self.where)
            start = self._bytes.read(_HEAD)
            self._bytes = unpacked(raw, self.where)
        if _is_utf16(start):
            raise InputError(f"{self.where}: found UTF-16 text, expected UTF-8 text")
        self._head_is_all = len(start) < _HEAD
        self.head = start.decode("utf-8-sig", errors="replace")

    def again(self) -> Generator[str]:
        """Its parts from the start on, as they come, for a look; reading then begins anew."""
        try:
            with self._telling_damage():
                yield self._bytes.readline(LONGEST_LINE).decode("utf-8-sig", errors="replace")
                while part := self._bytes.read(_HEAD):
                    yield part.decode("utf-8", errors="replace")
        finally:
            self._bytes = unpacked(self._raw, self.where)

    def first_line(self) -> str:
        """The first line that is not empty, for a look."""
        line, end, _ = self.head.lstrip().partition("\n")
        if end or self._head_is_all:
            return line
        with closing(self.again()) as parts:
            return next(parts)

    def lines(self) -> Iterator[str]:
        """The lines one after the other, with their ends.

        Raises:
            InputError: at a line that is too long or not UTF-8, and where the file is damaged.
        """
        while line := self._read_lines(0):
            yield line

    def blocks(self) -> Iterator[str]:
        """Many whole lines at a time, which is faster; raises as `lines` does."""
        while block := self._read_lines(_BLOCK):
            yield block

    def _read_lines(self, least: int) -> str:
        """At least so many bytes, up to the end of a line."""
        with self._telling_damage():
            content = self._bytes.read(least)
            content += self._bytes.readline(LONGEST_LINE + 1)
        if len(content) > LONGEST_LINE:
            line = self.line + content.count(b"\n") + 1
            raise InputError(
                f"{self.where}:{line}: found a line of more than {LONGEST_LINE:,} bytes, "
                "expected shorter lines"
            )
        text = self._decode(content)
        self.line += count_lines(text)
        self._tell_progress(len(content))
        return text

    def document(self) -> str:
        """The whole text.

        Raises:
            InputError: if it is too long or not UTF-8, or the file is damaged.
        """
        content = bytearray()
        with self._telling_damage():
            while part := self._bytes.read(_BLOCK):
                content += part
                if len(content) > LARGEST_DOCUMENT:
                    raise InputError(
                        f"{self.where}: found more than {LARGEST_DOCUMENT:,} bytes, "
                        "expected a smaller file"
                    )
                self._tell_progress(len(part))
        return self._decode(content)

    def _decode(self, content: bytes | bytearray) -> str:
        try:
            # A byte order mark may come first.
            return content.decode("utf-8" if self.line else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.line + content.count(b"\n", 0, error.start) + 1
            raise InputError(
                f"{self.where}:{line}: found bytes that are not UTF-8, expected UTF-8 text"
            ) from None

    def _tell_progress(self, count: int) -> None:
        self._untold += count
        if self._untold >= _TOLD_EVERY:
            self._untold = 0
            self._progress(self._raw.tell() / max(1, self._size))

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        try:
            yield
        except DAMAGED as error:
            raise InputError(f"{self.where}: {damage(error)}") from None
        except OSError as error:
            raise unreadable(self._path, error, "a trace") from None


def _is_utf16(start: bytes) -> bool:
    """By its mark; or without one, as of what a trace begins with every other byte is 0."""
    first = start[:_TOLD_BY]
    half = len(first) // 2
    every_other = half > 0 and half in (first[::2].count(0), first[1::2].count(0))
    return every_other or first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


@contextmanager
def open_text(path: Path, progress: ReadingProgress) -> Iterator[TraceText]:
    """Open a trace.

    Args:
        path: the file.
        progress: is told the share that has been read.

    Raises:
        InputError: if it cannot be read, is no ordinary file or is empty.
    """
    with open_file(path, "a trace") as raw:
        text = TraceText(raw, path, progress)
        if not text.head.strip():
            raise InputError(f"{text.where}: found an empty file, expected a trace")
        yield text


def count_lines(text: str) -> int:
    """How many lines there are; the last one may lack its end."""
    return text.count("\n") + (not text.endswith("\n") and bool(text))
