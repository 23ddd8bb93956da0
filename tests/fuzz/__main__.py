"""Runs atheris on one target after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import tempfile
from multiprocessing.connection import wait
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tui_batching"]):
    from tests.fuzz.targets import TARGETS

_FORK = multiprocessing.get_context("fork")  # what is instrumented is imported once, for all
_READ = re.compile(r"^Done (\d+) runs", re.MULTILINE)


class Fuzzer:
    """Fuzzes one reader in a process of its own."""

    def __init__(self, name: str, inputs: int) -> None:
        self.name = name
        self._inputs = inputs
        self._folder = tempfile.TemporaryDirectory()
        self._told = tempfile.NamedTemporaryFile()  # noqa: SIM115 - as long as the process
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(self._folder.name) / f"seed-{number}").write_bytes(seed)
        self._process = _FORK.Process(target=self._fuzz)
        self._process.start()
        self.sentinel = self._process.sentinel

    def survived(self) -> bool:
        """Whether it has read as many inputs as it was to; tells it, once the process has ended."""
        self._process.join()
        text = Path(self._told.name).read_text(errors="replace")
        self._folder.cleanup()
        self._told.close()
        read = _READ.search(text)
        if self._process.exitcode == 0 and read and int(read[1]) >= self._inputs:
            print(f"{self.name}: survived {int(read[1]):,} inputs", flush=True)
            return True
        print(f"{self.name}: failed", text[-5000:], sep="\n", flush=True)
        return False

    def _fuzz(self) -> None:
        """Read what is made of the files of the folder; in the process."""
        for stream in (sys.stdout, sys.stderr):
            os.dup2(self._told.fileno(), stream.fileno())
        kept = f"-artifact_prefix={tempfile.gettempdir()}/"
        options = ("-max_len=20000", "-timeout=20", f"-runs={self._inputs}", kept)
        atheris.Setup([self.name, *options, self._folder.name], TARGETS[self.name].survives)
        atheris.Fuzz()


def main() -> int:
    """Fuzz, and return how many targets did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument(
        "--inputs", type=int, default=50_000, help="for each target (default: 50000)"
    )
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    waiting, running, failed = list(names), {}, []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            fuzzer = Fuzzer(waiting.pop(0), arguments.inputs)
            running[fuzzer.sentinel] = fuzzer
        for sentinel in wait(list(running)):
            ended = running.pop(sentinel)
            if not ended.survived():
                failed.append(ended.name)
    print(f"fuzzed {len(names)} readers, {len(failed)} failed", *failed)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
