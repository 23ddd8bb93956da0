"""From arguments to an exit code; whatever goes wrong is told in one sentence."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tui_batching.cli.parser import read_arguments
from tui_batching.errors import InputError, sentence_of
from tui_batching.printable import printable

SUCCESS = 0
OUTPUT_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports of a program that ends by SIGPIPE, as most do when a reader has left."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    Args:
        argv: the arguments, without the program's name; by default those of the process.

    Returns:
        0, or 1 if the output cannot be written, 2 for bad input or usage, 130 on Ctrl-C, 141 if
        the reader of the output has left, 129 or 143 if SIGHUP or SIGTERM has ended the program.
    """
    _open_missing_streams()
    with _leaving_in_order():
        return _guard(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> None:
    arguments = read_arguments(argv)
    arguments.command(arguments)
    # Written out here, where a failure can still be told, and not while Python shuts down.
    sys.stdout.flush()


def _guard(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as end:  # argparse after --help and --version, and the app
        return _guard(sys.stdout.flush) or (end.code if isinstance(end.code, int) else SUCCESS)
    except (InputError, MemoryError) as error:
        return _complain(sentence_of(error), BAD_INPUT)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except OSError as error:
        _discard_output()
        return _complain(f"cannot write the output ({error.strerror or error})", OUTPUT_FAILED)
    return SUCCESS


def _complain(sentence: str, code: int) -> int:
    print(f"tui-batching: {printable(sentence)}", file=sys.stderr)
    return code


@contextmanager
def _leaving_in_order() -> Iterator[None]:
    """Let signals that would end the program at once end it as Ctrl-C does: nothing stays behind.

    One that is ignored, as `nohup` does, stays ignored.
    """
    ending = (signal.SIGHUP, signal.SIGTERM)
    ours = threading.current_thread() is threading.main_thread()
    taken = [number for number in ending if ours and signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _open_missing_streams() -> None:
    """Give a closed stdout or stderr a place to go: Python leaves them out."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _discard_output() -> None:
    """Keep Python from writing what is left to a stdout that takes no more."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
