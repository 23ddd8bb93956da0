"""The styles of Textual's widgets and of ours, parsed once in a process and not for every app.

That is a tenth of the time of a test with an app. How Textual does it was read in version 8.2.8.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet


def parse_once(patch: pytest.MonkeyPatch) -> None:
    """Let all stylesheets with the same variables share what they have parsed."""
    parsed: defaultdict[tuple[tuple[str, str], ...], dict[Any, Any]] = defaultdict(dict)
    begin, change = Stylesheet.__init__, Stylesheet.set_variables

    def share(sheet: Stylesheet) -> None:
        sheet._parse_cache = parsed[tuple(sheet._variables.items())]

    def begun(sheet: Stylesheet, *, variables: dict[str, str] | None = None) -> None:
        begin(sheet, variables=variables)
        share(sheet)

    def changed(sheet: Stylesheet, variables: dict[str, str]) -> None:
        sheet._parse_cache = {}  # for it is cleared
        change(sheet, variables)
        share(sheet)

    patch.setattr(Stylesheet, "__init__", begun)
    patch.setattr(Stylesheet, "set_variables", changed)
