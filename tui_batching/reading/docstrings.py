"""What docstrings say of fields, for listings: told once, beside the field."""

from __future__ import annotations

import inspect
import re


def told_of_fields(kind: type) -> dict[str, str]:
    """What the docstrings of a class, and of those it is made of, say of each attribute.

    Nothing where Python runs without docstrings.
    """
    told: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        _, _, attributes = inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")
        for name, text in re.findall(
            r"^    (\w+): (.*(?:\n        .*)*)", attributes, re.MULTILINE
        ):
            told[name] = " ".join(text.split()).rstrip(".")
    return told
