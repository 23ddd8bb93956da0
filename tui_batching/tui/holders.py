"""Containers that what they hold fills, so that Textual has no need to draw them for each frame."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Container, Horizontal, Vertical
from textual.widgets import ContentSwitcher


class Stacked(Vertical):
    """Holds widgets one below the other."""

    BLANK: ClassVar[bool] = True


class SideBySide(Horizontal):
    """Holds widgets side by side."""

    BLANK: ClassVar[bool] = True


class Body(Container):
    """Holds what is between the bars."""

    BLANK: ClassVar[bool] = True


class Pages(ContentSwitcher):
    """Shows one of the widgets that it holds."""

    BLANK: ClassVar[bool] = True
