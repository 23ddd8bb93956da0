"""Shared by all tests; its place puts `tests/` on the import path: `from oracle import oracle`."""

import os

# Colours in tests are those of the themes, whatever terminal the tests are started from.
os.environ.pop("NO_COLOR", None)
os.environ["COLORTERM"] = "truecolor"
