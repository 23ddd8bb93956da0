"""Runs atheris on one target after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tui_batching"]):
    from tests.fuzz.targets import TARGETS

_FORK = multiprocessing.get_context("fork")  # what is instrumented is imported once, for all
_READ = re.compile(r"^Done (\d+) runs", re.MULTILINE)


def main() -> int:
    """Fuzz, and return how many targets did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument(
        "--inputs", type=int, default=50_000, help="for each target (default: 50000)"
    )
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    with ThreadPoolExecutor(os.cpu_count()) as processes:
        survived = processes.map(lambda name: _survives(name, arguments.inputs), names)
        failed = [name for name, well in zip(names, survived, strict=True) if not well]
    print(f"fuzzed {len(names)} readers, {len(failed)} failed", *failed)
    return len(failed)


def _survives(name: str, inputs: int) -> bool:
    """Fuzz one reader; it has survived if it has read as many inputs as it was to."""
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as told:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        fuzzer = _FORK.Process(target=_fuzz, args=(name, inputs, folder, told.name))
        fuzzer.start()
        fuzzer.join()
        text = Path(told.name).read_text(errors="replace")
    read = _READ.search(text)
    if fuzzer.exitcode == 0 and read and int(read[1]) >= inputs:
        print(f"{name}: survived {int(read[1]):,} inputs", flush=True)
        return True
    print(f"{name}: failed", text[-5000:], sep="\n", flush=True)
    return False


def _fuzz(name: str, inputs: int, folder: str, told: str) -> None:
    """Read so many inputs made of the files of a folder, and say in a file how it went."""
    with Path(told).open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    kept = f"-artifact_prefix={tempfile.gettempdir()}/"
    options = ("-max_len=20000", "-timeout=20", f"-runs={inputs}", kept, folder)
    atheris.Setup([name, *options], TARGETS[name].survives)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
