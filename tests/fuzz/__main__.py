"""Runs atheris on one target after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
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
    failed = [
        name for name in arguments.targets or TARGETS if not _survives(name, arguments.seconds)
    ]
    print(f"fuzzed {len(arguments.targets or TARGETS)} readers, {len(failed)} failed", *failed)
    return len(failed)


def _survives(name: str, seconds: int) -> bool:
    """Fuzz one reader for so long; it has survived if it has to be stopped."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        print(f"fuzzing {name} for {seconds} s", flush=True)
        options = ["-max_len=20000", "-timeout=20", f"-artifact_prefix={tempfile.gettempdir()}/"]
        command = [sys.executable, "-c", _ONE.format(name=name), *options, folder]
        with tempfile.TemporaryFile() as told:
            fuzzer = subprocess.Popen(command, stdout=told, stderr=told)
            try:
                fuzzer.wait(seconds)
            except subprocess.TimeoutExpired:
                fuzzer.terminate()
                fuzzer.wait()
                return True
            told.seek(0)
            print(told.read()[-5000:].decode(errors="replace"))
            return False


if __name__ == "__main__":
    sys.exit(main())
