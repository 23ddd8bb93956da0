"""Shared by all tests; its place puts `tests/` on the import path: `from oracle import oracle`."""

import os

# Colours in tests are those of the themes, whatever terminal the tests are started from.
for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)
os.environ["COLORTERM"] = "truecolor"
os.environ["TERM"] = "xterm-256color"
os.environ.pop("SSH_CONNECTION", None)
