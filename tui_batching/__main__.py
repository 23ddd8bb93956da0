"""The program: `tui-batching`, also `python -m tui_batching`."""

from __future__ import annotations

import sys

from tui_batching.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
