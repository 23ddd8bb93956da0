"""The same figures to the last byte, whatever the number of threads and of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from command_line import CHECKOUT

SWEEP = ["sweep", "load", "chat", "--values", "1", "4"]
LARGE = ["--set", "workload.count=10000", "cost=h100-llama-3-8b"]
"""So many gaps between tokens, of so many lengths, that a BLAS would share them among threads."""
PROGRAM = """\
import sys
from tui_batching import executors
from tui_batching.__main__ import main
executors.SMALL = 0
if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
"""


def printed(form: list[str], *, threads: int, jobs: int) -> bytes:
    """What the sweep prints with so many threads in so many processes."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *SWEEP, *LARGE, *form, "--jobs", str(jobs)],
        capture_output=True,
        cwd=CHECKOUT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": str(threads)},
        check=True,
    )
    return done.stdout


def test_neither_threads_nor_processes_change_a_byte():
    form = ["--json"]
    told = printed(form, threads=1, jobs=1)
    assert told.count(b"continuous") >= 2
    assert printed(form, threads=2, jobs=1) == told
    assert printed(form, threads=2, jobs=2) == told
