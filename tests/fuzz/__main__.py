"""Runs atheris on one target after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.targets import TARGETS

_ONE = """
import sys, atheris
with atheris.instrument_imports(include=["tui_batching"]):
    from tests.fuzz.targets import TARGETS
atheris.Setup(sys.argv[1:], TARGETS[{name!r}].survives)
atheris.Fuzz()
"""


def main() -> int:
    """Fuzz, and return how many targets did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    with ThreadPoolExecutor(os.cpu_count()) as processes:
        survived = processes.map(lambda name: _survives(name, arguments.seconds), names)
        failed = [name for name, well in zip(names, survived, strict=True) if not well]
    print(f"fuzzed {len(names)} readers, {len(failed)} failed", *failed)
    return len(failed)


def _survives(name: str, seconds: int) -> bool:
    """Fuzz one reader for so long, and tell how often it was read."""
    options = (f"-max_total_time={seconds}", "-max_len=20000", "-timeout=20", "-verbosity=0")
    kept = f"-artifact_prefix={tempfile.gettempdir()}/"
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        command = (sys.executable, "-c", _ONE.format(name=name), *options, kept, folder)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    read = re.search(r"Done ([0-9]+) runs", done.stderr)
    if done.returncode or not read:
        print(f"{name}: failed", done.stdout[-5000:], done.stderr[-5000:], sep="\n", flush=True)
        return False
    print(f"{name}: {int(read[1]):,} contents in {seconds} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
