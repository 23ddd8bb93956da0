"""Measure how fast a long trace is read, and how much memory that takes.

    python -m tests.benchmarks.traces [--rows 5000000]

The trace is made up, in the format of the Azure LLM inference traces, in a temporary folder; each
file is read in a fresh process.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from tests.benchmarks.memory import peak_memory
from tui_batching.workload import load_workload

ROWS_AT_ONCE = 100_000
TICKS = 10_000_000
"""The seven digits of a second."""


def write_azure_trace(path: Path, rows: int) -> None:
    """Write a trace with Poisson arrivals, 5.5 a second, as the conversations of 2023 have."""
    stream = np.random.RandomState(1)
    times = np.cumsum(stream.exponential(TICKS / 5.5, rows)).astype(np.int64)
    inputs, outputs = stream.randint(1, 8000, rows), stream.randint(1, 1500, rows)
    start = np.datetime64("2023-11-16T18:15:46", "s")
    with path.open("w", encoding="ascii", newline="") as out:
        out.write("TIMESTAMP,ContextTokens,GeneratedTokens")
        for first in range(0, rows, ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            seconds = np.datetime_as_string(start + times[part] // TICKS)
            columns = (seconds, times[part] % TICKS, inputs[part], outputs[part])
            out.writelines(
                f"\r\n{second.replace('T', ' ')}.{ticks:07d},{prompt},{answer}"
                for second, ticks, prompt, answer in zip(
                    *(column.tolist() for column in columns), strict=True
                )
            )


def read(path: str) -> None:
    """Print requests, seconds, seconds of the processor and peak memory in MB, as JSON."""
    begin, began = perf_counter(), process_time()
    requests = load_workload(path).requests
    times = (perf_counter() - begin, process_time() - began)
    print(json.dumps([len(requests), *times, peak_memory() / 1e6]))


def measure(path: Path) -> None:
    """Print what reading a file takes."""
    command = [sys.executable, "-m", __spec__.name, "--read", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests, seconds, processor, memory = json.loads(output)
    size = path.stat().st_size / 1e6
    print(
        f"{path.name:14} {size:6.0f} MB {requests:11,} requests {seconds:7.2f} s "
        f"({processor:.2f} s of the processor) {memory:6.0f} MB peak",
        flush=True,
    )


def main() -> None:
    """Make the trace and read it, plain and compressed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain, compressed = Path(folder) / "azure.csv", Path(folder) / "azure.csv.gz"
        write_azure_trace(plain, arguments.rows)
        measure(plain)
        with plain.open("rb") as source, gzip.open(compressed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target)
        measure(compressed)


if __name__ == "__main__":
    main()
