"""Runs atheris on one target after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import os
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
    """Fuzz one reader for so long; it has survived if it has to be stopped."""
    kept = f"-artifact_prefix={tempfile.gettempdir()}/"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as told:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        options = ("-max_len=20000", "-timeout=20", kept, folder)
        command = (sys.executable, "-c", _ONE.format(name=name), *options)
        fuzzer = subprocess.Popen(command, stdout=told, stderr=told)
        try:
            fuzzer.wait(seconds)
        except subprocess.TimeoutExpired:
            fuzzer.kill()
            fuzzer.wait()
            print(f"{name}: survived {seconds} s", flush=True)
            return True
        told.seek(0)
        print(f"{name}: failed", told.read()[-5000:].decode(errors="replace"), sep="\n")
        return False


if __name__ == "__main__":
    sys.exit(main())
