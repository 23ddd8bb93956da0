"""From arguments to an exit code; whatever goes wrong is told in one sentence.

Each command brings its own arguments.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from tui_batching import __version__
from tui_batching.cli.parser import Parser
from tui_batching.cli.words import settings_apart, take_workload
from tui_batching.errors import InputError, UnwrittenError, sentence_of
from tui_batching.printable import printable

SUCCESS = 0
OUTPUT_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
"""What a shell reports of a program that ends by SIGPIPE, as most do when a reader has left."""

_COMMANDS = {
    "play": "watch a workload in the app",
    "present": "present the guided tour, or a deck of your own, to a room",
    "compare": "print the metrics of all strategies side by side",
    "slowest": "print the slowest requests, where their time went, and why",
    "sweep": "print latency and throughput over load, batch size or any parameter",
    "capacity": "find the highest load at which each strategy keeps a service level",
    "calibrate": "fit what an iteration costs to the log of a server",
    "replay": "print how far a simulation of a server's log is off",
    "chart": "print one chart",
    "report": "write the whole comparison as a document",
    "trace": "write a trace that Perfetto opens",
    "record": "record the app as a cast, without a terminal",
    "workloads": "list the bundled workloads, or export one",
    "strategies": "list the strategies and all their settings",
    "profiles": "list the bundled profiles of accelerators",
    "formats": "list the formats of traces, and how one is read",
    "validate": "check a workload file, a trace or a deck",
    "completion": "print a shell's completion script",
}
"""What each command does, in the order of the help; the module of one is loaded for it alone."""
_FIRST_COMMAND = "play"
"""What is done where none is named."""

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
        0, or 1 if the output cannot be written to its end, 2 for bad input or usage, which a file
        that there cannot be is too, 130 on Ctrl-C, 141 if the reader of the output has left, 129 or
        143 if SIGHUP or SIGTERM has ended the program.
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
    words = (sys.argv[1:] if argv is None else list(argv)) or [_FIRST_COMMAND]
    named = (word for word in words if word in _COMMANDS)
    parser = program_parser([*named][:1])
    arguments, left = parser.parse_known_args([*settings_apart(words)])
    if others := take_workload(arguments, left):
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    return arguments


def program_parser(loaded: Collection[str] = tuple(_COMMANDS)) -> Parser:
    """The parser of the program, which knows the arguments of some commands, by default of all."""
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
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", parser_class=Parser, required=True
    )
    for name, does in _COMMANDS.items():
        command = commands.add_parser(name, help=does)
        if name in loaded:
            module = import_module(f"tui_batching.cli.commands.{name}")
            command.set_defaults(command=module.run)
            module.add_arguments(command)
    return parser


def _guard(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as end:  # argparse after --help and --version, and the app
        return _guard(sys.stdout.flush) or (end.code if isinstance(end.code, int) else SUCCESS)
    except UnwrittenError as error:
        return _complain(str(error), OUTPUT_FAILED)
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
