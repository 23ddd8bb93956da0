"""Where the bundled data lies: inside an installed package, or at the top of a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

from tui_batching.errors import InputError


def data_folder(kind: Literal["themes", "workloads"]) -> Path:
    """The folder of bundled files of this kind.

    Raises:
        InputError: if the installation lacks it.
    """
    package = Path(str(resources.files("tui_batching")))
    for folder in (package / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise InputError(f"the bundled {kind} are missing, expected them in {package / kind}")
