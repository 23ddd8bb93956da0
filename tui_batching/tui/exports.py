"""What can be saved from the app as a file, and under which name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_batching.analysis.scene import Scene
from tui_batching.clock import instant_text
from tui_batching.errors import FileTakenError
from tui_batching.export import json_and_csv, trace_output
from tui_batching.output_files import written_whole
from tui_batching.tui.frame import Frame

_LONGEST_NAME = 60
_MOST_BYTES = 180
"""Of the workload's part of a name, so that its ending fits into the 255 of file systems."""


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of file.

    Attributes:
        label: what it is.
        ending: how its name goes on after the workload's; `{view}` and `{time}` are filled in.
        write: writes it; None for the picture, which is taken from the screen.
    """

    label: str
    ending: str
    write: Callable[[Scene, TextIO], None] | None


def _metrics_csv(scene: Scene, out: TextIO) -> None:
    json_and_csv.write_comparison_csv(scene.comparison, out, each_request=False)


def _metrics_json(scene: Scene, out: TextIO) -> None:
    json_and_csv.write_comparison_json(scene.comparison, out, each_request=False)


def _requests_csv(scene: Scene, out: TextIO) -> None:
    json_and_csv.write_comparison_csv(scene.comparison, out, each_request=True)


def _trace(scene: Scene, out: TextIO) -> None:
    trace_output.write(scene.workload.name, scene.runs, out)


EXPORTS = (
    Export("this view as a picture (SVG)", "-{view}-{time}.svg", None),
    Export("the metrics as CSV", "-metrics.csv", _metrics_csv),
    Export("the metrics as JSON", "-metrics.json", _metrics_json),
    Export("every request as CSV", "-requests.csv", _requests_csv),
    Export("a trace that Perfetto opens (JSON)", "-trace.json", _trace),
)
"""What there is to save, in order."""


def save(export: Export, frame: Frame, view: str, picture: str) -> Path:
    """Write a new file in the current folder, whole or not at all; may take a while.

    Args:
        export: what to save.
        frame: what is on screen.
        view: what the view that is seen is called.
        picture: the screen as SVG; not used for other exports.

    Returns:
        The file's full path.

    Raises:
        InputError: if it cannot be written.
    """
    scene = frame.scene
    time = f"{instant_text(frame.time, scene.end).replace(',', '')}s"
    ending = export.ending.format(view=view.lower().replace(" ", "-"), time=time)
    while True:
        file = _new_file(scene.workload.name, ending)
        try:
            with written_whole(file) as out:
                if export.write is None:
                    out.write(picture)
                else:
                    export.write(scene, out)
        except FileTakenError:  # by somebody else while this one was written
            continue
        return file.resolve()


def _new_file(name: str, ending: str) -> Path:
    """A name in the current folder that no file has yet: with a number where it is taken."""
    letters = re.sub(r"[^\w.-]+", "-", name)[:_LONGEST_NAME]
    safe = letters.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-.") or "workload"
    stem, _, suffix = f"{safe}{ending}".rpartition(".")
    file, number = Path(f"{stem}.{suffix}"), 1
    while os.path.lexists(file):
        number += 1
        file = Path(f"{stem}-{number}.{suffix}")
    return file
