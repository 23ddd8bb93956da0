"""Where long work is done, as `--jobs` and `--dask` say."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import TypeAlias

from tui_batching.cli.arguments import Parser
from tui_batching.executors import dask_executor, process_executor
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
        return lambda _: dask_executor(address)
    text: str | None = arguments.jobs
    jobs = None if text is None else Field.of_text(text, "--jobs").whole(1, MOST_JOBS)
    return lambda requests_served: process_executor(jobs, requests_served)
