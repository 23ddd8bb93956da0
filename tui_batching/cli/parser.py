"""A parser of arguments that complains as the rest of the program does."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from tui_batching.errors import InputError


class Parser(argparse.ArgumentParser):
    """A parser that complains in one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options
        )

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            InputError: always.
        """
        raise InputError(f"{message} (see {self.prog} --help)")
