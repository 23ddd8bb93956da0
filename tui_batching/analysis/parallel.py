"""The same work on many inputs, here or on any executor; the outcome is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from typing import TypeAlias, TypeVar

from tui_batching.errors import InputError

Input = TypeVar("Input")
Outcome = TypeVar("Outcome")

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many inputs are done, of how many; what it raises cancels the rest."""


def run_all(
    work: Callable[[Input], Outcome],
    inputs: Sequence[Input],
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """The outcome of the work on each input, in the order of the inputs.

    Args:
        work: a module's function, so that it can be sent to another process.
        inputs: what to send to it.
        executor: where to work, such as a `ProcessPoolExecutor`; None works here.
        progress: is told after each input.

    Raises:
        InputError: if the executor is gone; what the work raises is raised here.
    """
    if executor is None:
        return _here(work, inputs, progress)
    futures = [executor.submit(work, each) for each in inputs]
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()  # the first error ends it all
            if progress:
                progress(done, len(futures))
    except BrokenExecutor:
        raise InputError(
            "a process was ended from outside, perhaps for want of memory; --jobs 1 needs less"
        ) from None
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]


def _here(
    work: Callable[[Input], Outcome], inputs: Sequence[Input], progress: Progress | None
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for each in inputs:
        outcomes.append(work(each))
        if progress:
            progress(len(outcomes), len(inputs))
    return outcomes
