"""Names and texts that would steer a terminal, and a copy of the bundled data with such names."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

from tui_batching.reading.files import data_folder

EVIL = "e\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u200b\t\n[red]x[@click=app.quit]q[b 名"
"""A file may be called so: OSC, BEL, CSI, C1, bidi, zero width, ends of lines, and markup."""
SPELT = r"e\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u200b\t\n[red]x[@click"
"""What it is called on screen: as much of it as a name may have, and nothing that is obeyed."""
MARKUP = "[red]x[/] [@click=app.quit]q[/] [/b] [b 名前"
"""A name or a text in a file may be so: only control characters are refused there."""
AT_ONCE = "[{arrival_time: 0, input_tokens: 5, output_tokens: 9}]"
ROWS = AT_ONCE.replace("]", ", {arrival_time: 0.1, input_tokens: 9, output_tokens: 2}]")


def workload_file(folder: Path, file_name: str = EVIL, text: str = "", rows: str = ROWS) -> Path:
    """A workload file with a name of its own, or with a text as its name and description."""
    file = folder / f"{file_name}.yaml"
    told = f"name: '{text}'\ndescription: '{text}'\n" if text else ""
    file.write_text(f"{told}requests: {rows}\n", encoding="utf-8")
    return file


def deck_file(folder: Path) -> Path:
    """A deck of an evil name, whose chapters are told in markup and in wide letters."""
    workload = workload_file(folder, "beside", MARKUP)
    file = folder / f"{EVIL}.yaml"
    wide = "名前" * 15
    file.write_text(
        f"chapters:\n"
        f"  - {{title: '{MARKUP[:40]}', text: '{MARKUP}', notes: '{MARKUP}',"
        f" workload: {workload.name}}}\n"
        f"  - {{title: '{wide}', text: ['{wide} {wide}'], notes: '{wide}', select: 0}}\n",
        encoding="utf-8",
    )
    return file


def evil_data(folder: Path) -> Path:
    """The bundled workloads, profiles and themes, with more of them that have evil names."""
    for kind in ("themes", "workloads"):
        shutil.copytree(data_folder(kind), folder / kind)
    workload_file(folder / "workloads")
    workload_file(folder / "workloads", "marked", MARKUP)
    workload_file(folder / "workloads", "marked too", MARKUP)
    profiles = folder / "workloads" / "profiles"
    profile = (profiles / "a100-llama-3-8b.yaml").read_text(encoding="utf-8").splitlines()
    profile[0] = f"description: '{MARKUP}'"
    (profiles / f"{EVIL}.yaml").write_text("\n".join(profile), encoding="utf-8")
    return folder


def is_harmless(text: str) -> bool:
    """Whether a terminal would obey nothing of a text."""
    return not any(
        unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in text
    )
