"""YAML text as a tree of plain nodes that remember their lines.

Built from the parser's events rather than with `yaml.compose`: it takes half the time, cannot
exhaust the C stack on deep nesting, and sees aliases and tags before they do any harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from tui_batching.errors import InputError
from tui_batching.printable import quoted

MAX_DEPTH = 20
"""How deep lists and mappings may nest; no file of this project needs a third of it."""

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Scalar:
    """A single value; `plain` where it is written without quotes or block style."""

    line: int
    text: str
    plain: bool


@dataclass(slots=True)
class Items:
    """A list of nodes."""

    line: int
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in turn: key, value, key, value..."""

    line: int
    children: list[Node] = field(default_factory=list)


Node: TypeAlias = Scalar | Items | Mapping


def compose(text: str, where: str) -> Node:
    """Read the one YAML document in `text`.

    Args:
        text: the YAML text.
        where: the file's name, to start error messages with.

    Raises:
        InputError: if the text is no valid YAML, is empty, has several documents, nests too deep,
            or uses aliases, merge keys or tags.
    """
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        raise InputError(
            f"{where}:{line}: found the character {forbidden[0]!r}, expected printable text"
        )
    try:
        root = _build(yaml.parse(text, Loader=_PARSER), where)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # At its end the parser stands in a line that the text does not have.
        last = text.rstrip().count("\n") + 1
        place = f"{where}:{min(mark.line + 1, last)}" if mark else where
        if "nesting depth" in (error.problem or ""):  # the parser looks ahead and has its own limit
            raise _too_deep(place) from None
        raise InputError(
            f"{place}: found broken YAML ({_one_line(error.problem)}), expected valid YAML"
        ) from None
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser written in Python lets an escape beyond Unicode raise the last two.
        raise InputError(
            f"{where}: found broken YAML ({_one_line(str(error))}), expected valid YAML"
        ) from None
    if root is None:
        raise InputError(f"{where}:1: found an empty file, expected YAML")
    return root


def without_lines(node: Node) -> Node:
    """The node as it stands outside a file."""
    node.line = 0
    for child in () if isinstance(node, Scalar) else node.children:
        without_lines(child)
    return node


def _too_deep(place: str) -> InputError:
    return InputError(
        f"{place}: found lists or mappings nested more than {MAX_DEPTH} deep, "
        f"expected at most {MAX_DEPTH} levels"
    )


def _build(events: Iterator[yaml.Event], where: str) -> Node | None:
    root: Node | None = None
    open_nodes: list[Items | Mapping] = []
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            open_nodes.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, where)
            if open_nodes:
                open_nodes[-1].children.append(node)
            else:
                root = node
            if not isinstance(node, Scalar):
                open_nodes.append(node)
                if len(open_nodes) > MAX_DEPTH:
                    raise _too_deep(f"{where}:{node.line}")
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise InputError(f"{where}:{_line(event)}: found a second document, expected one")
    return root


def _node(event: yaml.NodeEvent, where: str) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent):
        raise InputError(
            f"{where}:{line}: found the alias {quoted(f'*{event.anchor}')}, "
            "expected the value itself (aliases are not supported)"
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise InputError(
            f"{where}:{line}: found the tag {quoted(tag)}, "
            "expected a value without a tag (tags are not supported)"
        )
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(line, event.value, event.implicit[0])
    return Items(line) if isinstance(event, yaml.SequenceStartEvent) else Mapping(line)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _one_line(problem: str | None) -> str:
    text = " ".join((problem or "syntax error").split())
    return text if text.isprintable() and len(text) <= 100 else quoted(text)
