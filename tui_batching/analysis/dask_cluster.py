"""Long work on a Dask cluster that is there already; needs the extra `tui-batching[dask]`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager

from tui_batching.errors import InputError

PATIENCE_SECONDS = 5
"""How long a scheduler may take to answer, and then to have a worker."""


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a cluster, on which this package must be installed as well.

    The work of one that is lost goes to another; nothing is kept on the cluster afterwards.

    Args:
        address: of its scheduler, such as `tcp://node7:8786`.

    Raises:
        InputError: if Dask is not installed, or the cluster cannot be reached, has no workers, or
            cannot do the work.
    """
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415 - optional, and slow to load
    except ImportError:
        raise InputError(
            "found no Dask, which --dask needs: pip install 'tui-batching[dask]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError):
        raise InputError(
            f"--dask: found no scheduler at {address!r}, expected a running one as tcp://HOST:PORT"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            raise InputError(
                f"--dask: found no worker at {address!r}, expected at least one"
            ) from None
        try:
            yield client.get_executor(pure=False)
        except (KilledWorker, CancelledError):
            raise InputError(
                f"--dask: the cluster at {address!r} was lost, or its workers died of the work"
            ) from None
        except ImportError as error:
            raise InputError(
                f"--dask: the workers at {address!r} need tui-batching installed ({error})"
            ) from None
