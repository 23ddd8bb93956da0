"""Checked values of a YAML file: every error names file, line, key, found and expected."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from tui_batching import clock
from tui_batching.errors import InputError, called_here, did_you_mean, listed, one_of
from tui_batching.printable import quoted
from tui_batching.reading import nodes
from tui_batching.reading.constraints import LARGEST
from tui_batching.reading.nodes import Node, Scalar

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
T = TypeVar("T")

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NULL = ("", "~", "null", "Null", "NULL")
_BARE = re.compile(
    r"[+-]?\.?[0-9][0-9._:eExX+-]{0,58}|[+-]?\.(?:inf|nan)|~|null|true|false|yes|no|on|off",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a file and its place; without a node it is missing.

    Attributes:
        where: the file's name (or the command line's option).
        path: the keys that lead here, such as `requests.generate.count`.
        line: the value's line, or that of the mapping that lacks it; 0 where there are no lines.
        node: the value, None where it is missing.
    """

    where: str
    path: str
    line: int
    node: Node | None

    @classmethod
    def of_text(cls, text: str, where: str) -> Field:
        """A value that stands alone, outside a file, such as the command line's `KEY=VALUE`.

        Raises:
            InputError: if it is in brackets as a list or a mapping of YAML, and no valid one.
        """
        if text[:1] + text[-1:] in ("[]", "{}"):
            return cls(where, "", 0, nodes.without_lines(nodes.compose(text, where)))
        return cls(where, "", 0, Scalar(0, text, plain=True))

    @classmethod
    def of_value(cls, value: object, where: str) -> Field:
        """A value of Python, as a file would have it: `True` is `true`, and None is `none`.

        Raises:
            InputError: if a file could not have it.
        """
        return cls(where, "", 0, _node_of(value, where))

    def error(self, expected: str, found: str | None = None) -> InputError:
        """The sentence that refuses this value."""
        return self.complaint(f"found {found or self._found()}, expected {expected}")

    def complaint(self, sentence: str) -> InputError:
        """An error that puts this value's place before the sentence."""
        place = f"{self.where}:{self.line}" if self.line else self.where
        return InputError(": ".join(part for part in (place, self.path, sentence) if part))

    def _found(self) -> str:
        if self.node is None:
            return "nothing"
        if isinstance(self.node, Scalar):
            bare = self.node.plain and _BARE.fullmatch(self.node.text)
            return self.node.text if bare else quoted(self.node.text)
        return "a list" if isinstance(self.node, nodes.Items) else "a mapping"

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return isinstance(self.node, nodes.Items)

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.node, nodes.Mapping)

    @property
    def is_null(self) -> bool:
        """Whether it says that there is no value, as YAML does."""
        return self._plain() in _NULL

    def has_key(self, key: str) -> bool:
        """Whether it is a mapping with this key."""
        keys = self.node.children[::2] if isinstance(self.node, nodes.Mapping) else ()
        return any(isinstance(each, Scalar) and each.text == key for each in keys)

    @property
    def written(self) -> str:
        """A single value as the file has it, before it is read; empty for a list or mapping."""
        return self.node.text if isinstance(self.node, Scalar) else ""

    def whole(self, least: int = 0, most: int = LARGEST) -> int:
        """A whole number from `least` to `most`; neither 3.0 nor true nor "5" is one."""
        text = self._plain()
        if text is None or not _WHOLE.fullmatch(text):
            raise self.error(f"a whole number >= {least}")
        # Longer numbers are too large anyway, and Python refuses to convert very long ones.
        value = int(text) if len(text) <= 20 else (-1 if text[0] == "-" else 1) * 10**20
        if value < least:
            raise self.error(f"a whole number >= {least}")
        if value > most:
            raise self.error(f"a whole number <= {most}")
        return value

    def is_whole(self) -> bool:
        """Whether it is a whole number, of any size."""
        text = self._plain()
        return text is not None and _WHOLE.fullmatch(text) is not None

    def decimal(self, above: float = -math.inf, most: float = sys.float_info.max) -> float:
        """A finite number greater than `above`, up to `most`."""
        expected = "a number" if above == -math.inf else f"a number > {above:g}"
        text = self._plain()
        if text is None or not _DECIMAL.fullmatch(text):
            raise self.error(expected)
        value = float(text)
        if value <= above:
            raise self.error(expected)
        if value > most:
            raise self.error(f"a number <= {most:g}")
        return value

    def duration(
        self, *, longer_than_zero: bool = False, most: clock.Picoseconds | None = clock.HORIZON
    ) -> clock.Picoseconds:
        """A duration in picoseconds, exact to the last digit written, of any length for None."""
        if not isinstance(self.node, Scalar) or len(self.node.text) > 60:
            raise self.error("a duration such as 20ms, 0.3us or 0.5 (seconds)")
        try:
            time = clock.parse_duration(self.node.text, most)
        except InputError as error:
            raise self.complaint(str(error)) from None
        if longer_than_zero and time == 0:
            raise self.error("a duration longer than zero")
        return time

    def text(self, longest: int = 1000, *, may_be_empty: bool = False) -> str:
        """Printable text of at most `longest` characters; each run of white space is one space.

        It may be empty, in quotes, where that is allowed.
        """
        if not isinstance(self.node, Scalar):
            raise self.error("text")
        if self.node.plain and (not self.node.text or _BARE.fullmatch(self.node.text)):
            raise self.error("text (in quotes where it looks like a number)")
        text = " ".join(self.node.text.split())
        if not text and not may_be_empty:
            raise self.error("text")
        if len(text) > longest:
            raise self.error(f"at most {longest}", f"{len(text)} characters")
        # Control and format characters could drive the terminal or reverse what follows.
        if any(unicodedata.category(character)[0] == "C" for character in text):
            raise self.error("text without control characters")
        return text

    def single(self, expected: str = "a single value") -> str:
        """A single value as it is written, whatever it is."""
        if not isinstance(self.node, Scalar):
            raise self.error(expected)
        return self.node.text

    def choice(self, *allowed: str) -> str:
        """One of the words in `allowed`."""
        if not isinstance(self.node, Scalar) or self.node.text not in allowed:
            raise self.error(one_of(allowed))
        return self.node.text

    def is_word(self, word: str) -> bool:
        """Whether it is this word."""
        return isinstance(self.node, Scalar) and self.node.text == word

    def flag(self) -> bool:
        """Whether it is `true` and not `false`."""
        return self.choice("true", "false") == "true"

    def path_within(self, folder: Path) -> Path:
        """A path in a file of this folder: a file from elsewhere may not read all files.

        Raises:
            InputError: if it is relative and leaves the folder, be it through a link.
        """
        path = Path(self.text())
        if path.is_absolute():
            return path
        try:
            inside = (folder / path).resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError) as error:
            raise self.complaint(f"cannot be read ({error}), expected a file") from None
        if not inside:
            raise self.error("a path that stays in the file's folder, or an absolute one")
        return folder / path

    def items(self, most: int | None = None) -> list[Field]:
        """The values of a list, which must not be empty, nor have more than `most`."""
        if not isinstance(self.node, nodes.Items):
            raise self.error("a list")
        if not self.node.children:
            raise self.error("a list with at least one entry", "an empty list")
        if most is not None and len(self.node.children) > most:
            raise self.error(f"at most {most}", f"a list of {len(self.node.children)}")
        return [
            Field(self.where, f"{self.path}[{number}]", child.line, child)
            for number, child in enumerate(self.node.children)
        ]

    def separated(self, by: str) -> list[Field]:
        """The parts of a single value such as `4,8`; of anything else, that alone."""
        node = self.node
        if not isinstance(node, Scalar) or not node.plain:
            return [self]
        parts = [replace(node, text=part.strip()) for part in node.text.split(by)]
        return [replace(self, node=part) for part in parts]

    def mapping(
        self,
        allowed: Collection[str],
        aliases: Mapping[str, str] = _NO_NAMES,
        elsewhere: Mapping[str, str] = _NO_NAMES,
    ) -> Record:
        """The values of a mapping by key.

        Args:
            allowed: the keys that there are.
            aliases: further ones, each with the key that it stands for.
            elsewhere: keys that are not allowed, each with what it is called here.

        Raises:
            InputError: if it is no mapping, or has a key that is not in `allowed` or is there
                twice.
        """
        if not isinstance(self.node, nodes.Mapping):
            raise self.error(f"a mapping with {listed(allowed)}")
        found: dict[str, Field] = {}
        children = iter(self.node.children)
        for key, value in zip(children, children, strict=True):
            written = self._known_key(key, allowed, aliases, elsewhere)
            name = aliases.get(written, written)
            path = f"{self.path}.{written}" if self.path else written
            if name in found:
                first = found[name].line
                second = Field(self.where, path, key.line, value)
                raise second.error("it once", f"the key a second time (first in line {first})")
            found[name] = Field(self.where, path, value.line, value)
        return Record(self, found)

    def pairs(self, allowed: Collection[str] = ()) -> dict[str, Field]:
        """The values of a mapping by key, or those of a single value such as `a=1,b=2`.

        Args:
            allowed: the keys that there are; all are, where it is empty.

        Raises:
            InputError: if it is neither, is empty, or has a key that is not allowed or there twice.
        """
        if isinstance(self.node, nodes.Mapping):
            found = self.mapping(allowed or self.keys or ("...",)).fields
            if not found:
                raise self.error("at least one key", "an empty mapping")
            return found
        if not isinstance(self.node, Scalar):
            raise self.error("a mapping, or KEY=VALUE,KEY=VALUE")
        children: list[Node] = []
        for part in self.node.text.split(","):
            key, equals, value = (each.strip() for each in part.partition("="))
            if not (key and equals):
                raise self.error("a mapping, or KEY=VALUE,KEY=VALUE")
            children += (Scalar(self.line, key, plain=True), Scalar(self.line, value, plain=False))
        return replace(self, node=nodes.Mapping(self.line, children)).pairs(allowed)

    def numbered(self) -> list[tuple[int, Field]]:
        """The values of a mapping whose keys are whole numbers >= 1, in the order of the file.

        Raises:
            InputError: if it is no mapping, or a key is something else or there twice.
        """
        if not isinstance(self.node, nodes.Mapping):
            raise self.error("a mapping of whole numbers")
        numbers = [name for name in self.keys if name.isdecimal() and int(name)]
        record = self.mapping(numbers or ["8"])
        return [(int(name), value) for name, value in record.fields.items()]

    def only_key(self, allowed: Collection[str]) -> Field:
        """The value of a mapping with one key out of `allowed`; `key` of the result tells it."""
        record = self.mapping(allowed)
        if len(record.fields) != 1:
            found = " and ".join(record.fields) or "an empty mapping"
            raise self.error(one_of(allowed), found)
        return next(iter(record.fields.values()))

    @property
    def keys(self) -> list[str]:
        """The keys of a mapping as they are written; none of anything else."""
        children = self.node.children[::2] if isinstance(self.node, nodes.Mapping) else ()
        return [key.text for key in children if isinstance(key, Scalar)]

    @property
    def key(self) -> str:
        """The last key of the path."""
        return self.path.rpartition(".")[2]

    def build(
        self,
        make: Callable[..., T],
        readers: Mapping[str, Reader],
        aliases: Mapping[str, str] = _NO_NAMES,
        elsewhere: Mapping[str, str] = _NO_NAMES,
    ) -> T:
        """Read a mapping with `readers` and call the dataclass `make` with the values.

        Keys that are missing keep the dataclass's defaults; without one, they are asked for.
        `aliases` and `elsewhere` are as for `mapping`.

        Raises:
            InputError: as `mapping` and the readers do; one that `make` raises is told with the
                place of the key that it starts with.
        """
        record = self.mapping(readers, aliases, elsewhere)
        values = record.read_all(readers, make)
        with record.placing_errors():
            return make(**values)

    @contextmanager
    def placing_errors(self, fields: Mapping[str, Field] | None = None) -> Iterator[None]:
        """Put the place before errors of what is built from this value.

        An error that starts with a key of `fields` (`timeout: ...`) is placed on that field.
        """
        try:
            yield
        except InputError as error:
            key, separator, sentence = str(error).partition(": ")
            if separator and fields and key in fields:
                raise fields[key].complaint(sentence) from None
            raise self.complaint(str(error)) from None

    def _plain(self) -> str | None:
        return self.node.text if isinstance(self.node, Scalar) and self.node.plain else None

    def _known_key(
        self,
        key: Node,
        allowed: Collection[str],
        aliases: Collection[str],
        elsewhere: Mapping[str, str],
    ) -> str:
        name = key.text if isinstance(key, Scalar) else None
        if name is not None and (name in allowed or name in aliases):
            return name
        found = "a list or mapping as a key" if name is None else f"the unknown key {quoted(name)}"
        at_key = Field(self.where, self.path, key.line, key)
        if name is not None and name in elsewhere:
            hint = called_here([elsewhere[name]])
        else:
            hint = did_you_mean(name or "", allowed)
        raise at_key.error(one_of(allowed) + hint, found)


Reader: TypeAlias = Callable[[Field], Any]
"""A function that reads a value from a field, or raises the field's error."""


@dataclass(frozen=True, slots=True)
class Record:
    """The values of a mapping."""

    whole: Field
    fields: dict[str, Field]

    def __getitem__(self, key: str) -> Field:
        """The value of `key`; a missing one is told as soon as it is read."""
        path = f"{self.whole.path}.{key}" if self.whole.path else key
        return self.fields.get(key) or Field(self.whole.where, path, self.whole.line, None)

    @property
    def filled(self) -> Record:
        """The same without the keys that have no value, be it that nothing or `null` is written."""
        filled = {key: field for key, field in self.fields.items() if not field.is_null}
        return Record(self.whole, filled)

    def read(self, key: str, reader: Callable[[Field], T], default: T) -> T:
        """What `reader` makes of the value of `key`; `default` where it is missing."""
        return reader(self.fields[key]) if key in self.fields else default

    def read_all(self, readers: Mapping[str, Reader], make: Callable[..., Any]) -> dict[str, Any]:
        """The values of those keys that are there, or that the dataclass `make` asks for."""
        return {
            key: reader(self[key])
            for key, reader in readers.items()
            if key in self.fields or not _has_default(make, key)
        }

    def placing_errors(self) -> AbstractContextManager[None]:
        """As `Field.placing_errors`, with errors that start with a key placed on that key."""
        return self.whole.placing_errors(self.fields)


def _node_of(value: object, where: str) -> Node:
    match value:
        case None:
            return Scalar(0, "none", plain=True)
        case bool():
            return Scalar(0, str(value).lower(), plain=True)
        case str() | Path():
            return Scalar(0, str(value), plain=True)
        case Integral():
            return Scalar(0, str(int(value)), plain=True)
        case Real():
            return Scalar(0, repr(float(value)), plain=True)
        case Mapping():
            pairs = [each for pair in value.items() for each in pair]
            return nodes.Mapping(0, [_node_of(each, where) for each in pairs])
        case list() | tuple():
            return nodes.Items(0, [_node_of(each, where) for each in value])
    raise InputError(
        f"{where}: found a value of type {type(value).__name__}, expected text or a number"
    )


def read_yaml(text: str, where: str) -> Field:
    """The top of a YAML text; `where` names the file in errors.

    Raises:
        InputError: as `nodes.compose` does.
    """
    root = nodes.compose(text, where)
    return Field(where, "", root.line, root)


def _has_default(make: Callable[..., Any], name: str) -> bool:
    fields = {field.name: field for field in dataclasses.fields(make)}  # type: ignore[arg-type]
    return (
        fields[name].default is not dataclasses.MISSING
        or fields[name].default_factory is not dataclasses.MISSING
    )
