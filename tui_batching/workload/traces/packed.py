"""Traces that are packed: gzip, and with an extra of this package Zstandard and Parquet."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, BinaryIO, cast

from tui_batching.errors import InputError

_EXTRA = "'tui-batching[traces]'"


class _Damage(Exception):  # noqa: N818 - no error of the program's
    """A packed file that is not whole."""


def unpacked(raw: BinaryIO, where: str) -> BinaryIO:
    """The plain bytes of an open file, from its start on.

    Args:
        raw: the file.
        where: its name for error messages.

    Raises:
        InputError: if it takes a package to unpack it that is not there, or it is damaged.
    """
    raw.seek(0)
    start = raw.read(4)
    raw.seek(0)
    for magic, unpack in _PACKED.items():
        if start.startswith(magic):
            return unpack(raw, where)
    return raw


DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, _Damage)
"""What reading a packed file raises where it is not whole."""


def damage(error: Exception) -> str:
    """What is wrong with a packed file, for an error message."""
    if isinstance(error, _Damage):
        return str(error)
    return f"found damaged gzip data ({error}), expected a whole gzip file"


def _unpack_gzip(raw: BinaryIO, where: str) -> BinaryIO:  # noqa: ARG001 - as each of them
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw))


def _unpack_zstandard(raw: BinaryIO, where: str) -> BinaryIO:
    zstandard = _package("zstandard", "zstd data", where)

    def parts() -> Iterator[bytes]:
        decoder = zstandard.ZstdDecompressor()
        frame = decoder.decompressobj()
        try:
            while packed := raw.read(_PACKED_AT_ONCE):
                while packed:
                    if frame.eof:  # several may follow each other
                        frame = decoder.decompressobj()
                    yield frame.decompress(packed)
                    packed = frame.unused_data
        except zstandard.ZstdError as error:
            raise _damaged_zstandard(str(error)) from None
        if not frame.eof:
            raise _damaged_zstandard("it ends too soon")

    return _stream(parts())


def _damaged_zstandard(reason: str) -> _Damage:
    return _Damage(f"found damaged zstd data ({reason}), expected a whole zstd file")


def _unpack_parquet(raw: BinaryIO, where: str) -> BinaryIO:
    """Its flat columns as CSV, some rows at a time."""
    pyarrow = _package("pyarrow", "a Parquet file", where)
    _package("pyarrow.parquet", "a Parquet file", where)
    csv = _package("pyarrow.csv", "a Parquet file", where)
    parquet: Any = pyarrow.parquet

    def parts() -> Iterator[bytes]:
        head = True
        try:
            file = parquet.ParquetFile(raw)
            nested = pyarrow.types.is_nested
            names = [field.name for field in file.schema_arrow if not nested(field.type)]
            for batch in file.iter_batches(_ROWS, columns=names):
                out = io.BytesIO()
                csv.write_csv(batch, out, csv.WriteOptions(include_header=head))
                head = False
                yield out.getvalue()
        except (pyarrow.ArrowException, OSError) as error:
            reason = f"found a damaged Parquet file ({error}), expected a whole one"
            raise _Damage(" ".join(reason.split())) from None

    return _stream(parts())


_PACKED_AT_ONCE = 2**12
"""Bytes: so few that what comes out of them fits the memory, whatever they hold."""
_PART = 2**17
_ROWS = 10_000
_PACKED: dict[bytes, Callable[[BinaryIO, str], BinaryIO]] = {
    b"\x1f\x8b": _unpack_gzip,
    b"\x28\xb5\x2f\xfd": _unpack_zstandard,
    b"PAR1": _unpack_parquet,
}
"""How packed files begin."""


def _package(name: str, what: str, where: str) -> ModuleType:
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        raise InputError(
            f"{where}: found {what}, expected the package {name.partition('.')[0]} to read it: "
            f"pip install {_EXTRA}"
        ) from None


def _stream(parts: Iterator[bytes]) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_MadeBytes(parts), _PART))


class _MadeBytes(io.RawIOBase):
    """Bytes that are made piece by piece."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill as much of the buffer as there is."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        some, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(some)] = some
        return len(some)
