"""From arguments to an exit code; whatever goes wrong is told in one sentence.

Each command brings its own arguments.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from tui_batching import __version__
from tui_batching.cli.arguments import Parser
from tui_batching.cli.commands import play
from tui_batching.errors import InputError, sentence_of
from tui_batching.printable import printable

SUCCESS = 0
OUTPUT_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports of a program that ends by SIGPIPE, as most do when a reader has left."""

_COMMANDS = (
    "play",
    "present",
    "compare",
    "slowest",
    "sweep",
    "capacity",
    "calibrate",
    "replay",
    "chart",
    "report",
    "trace",
    "record",
    "workloads",
    "strategies",
    "profiles",
    "formats",
    "validate",
    "completion",
)
"""The modules of the commands, in the order of the help."""

_EXAMPLES = """\
examples:
  tui-batching                          watch the bundled workload 'notebook'
  tui-batching play chat --theme light  watch another one
  tui-batching present                  present the guided tour to a room
  tui-batching compare overload         all numbers side by side, without the app
  tui-batching slowest chat             the worst requests, and why
  tui-batching sweep load chat          latency and throughput at several loads
  tui-batching record -o talk.cast      the app as a cast, without a terminal
  tui-batching calibrate server.jsonl   what an iteration costs on a real server
  tui-batching workloads                what is bundled
  tui-batching strategies               every setting of every engine

tui-batching COMMAND --help shows the examples of a command.
"""


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
    arguments = _read_arguments(argv)
    arguments.command(arguments)
    # Written out here, where a failure can still be told, and not while Python shuts down.
    sys.stdout.flush()


def _read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; `command` of the answer is the function to call with it.

    Raises:
        InputError: if they are not as expected.
        SystemExit: after `--help` and `--version`.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    # The module of a command that is named is the only one that is needed, and of no command none.
    commands = _COMMANDS if words and words[0] not in _COMMANDS else tuple(words[:1])
    return program_parser(commands).parse_args(words)


def program_parser(commands: Sequence[str] = _COMMANDS) -> Parser:
    """The parser of the program with some of its commands, by default all."""
    parser = Parser(
        prog="tui-batching",
        description=(
            "Watch the same requests go through static, dynamic and continuous batching, and\n"
            "through the schedulers of vLLM, SGLang, TGI and other engines, side by side.\n"
            "Without a command it opens the app on the workload 'notebook'."
        ),
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(**play.DEFAULTS)
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for command in commands:
        import_module(f"tui_batching.cli.commands.{command}").add_to(choices)
    return parser


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
