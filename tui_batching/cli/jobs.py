"""Where long work is done, as `--jobs` and `--dask` say."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeAlias

from tui_batching.analysis.sweeps import Plan, Sweep, run_sweep
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import counting, reporting
from tui_batching.executors import dask_executor, process_executor
from tui_batching.numbers import counted
from tui_batching.reading.fields import Field

MOST_JOBS = 256
"""Processes; each takes 40 MB and more."""

Executors: TypeAlias = Callable[[int], AbstractContextManager[Executor | None]]
"""Gives an executor for work that serves so many requests; None where it is best done here."""


def add_executors(parser: Parser) -> None:
    """Let the parser take a number of processes, or a cluster."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--jobs",
        metavar="N",
        help="how many processes long work uses (default: one for each processor)",
    )
    place.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="work on the Dask cluster whose scheduler is at tcp://HOST:PORT",
    )


def read_executors(arguments: argparse.Namespace) -> Executors:
    """Where the arguments want long work to be done.

    Raises:
        InputError: if the number of processes is no whole number from 1 to `MOST_JOBS`.
    """
    address: str | None = arguments.dask
    if address is not None:
        return lambda _: _cluster(address)
    text: str | None = arguments.jobs
    jobs = None if text is None else Field.of_text(text, "--jobs").whole(1, MOST_JOBS)
    return lambda requests_served: process_executor(jobs, requests_served)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    """A cluster's workers, with a word while it is reached, and one after Ctrl-C."""
    with ExitStack() as stack:
        with reporting() as report:
            report(f"connecting to {address}")
            executor = stack.enter_context(dask_executor(address))
        try:
            yield executor
        except KeyboardInterrupt:
            told = "interrupted; the workers end what they have begun, the rest is cancelled"
            print(f"tui-batching: {told}", file=sys.stderr)
            raise


def run_sweeps(plans: Sequence[Plan], executors: Executors) -> list[Sweep]:
    """Run some sweeps one after the other, telling on stderr how much is done.

    Raises:
        InputError: if a workload cannot be simulated, or the executor is lost.
    """
    found: list[Sweep] = []
    with executors(sum(plan.requests_served for plan in plans)) as executor:
        for plan in plans:
            with counting(
                f"{plan.kind}, {counted(len(plan.workload.requests), 'request')}"
            ) as count:
                found.append(run_sweep(plan, executor, count))
    return found
