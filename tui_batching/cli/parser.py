"""The arguments of the program: its commands, each of which brings its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from tui_batching import __version__
from tui_batching.cli.arguments import Parser
from tui_batching.cli.commands import play

_COMMANDS = (
    "play",
    "present",
    "compare",
    "sweep",
    "capacity",
    "chart",
    "report",
    "trace",
    "workloads",
    "validate",
)
"""The modules of the commands, in the order of the help."""

_EXAMPLES = """\
examples:
  tui-batching                          watch the bundled workload 'notebook'
  tui-batching play chat --theme light  watch another one
  tui-batching present                  present the guided tour to a room
  tui-batching compare overload         all numbers side by side, without the app
  tui-batching sweep load chat          latency and throughput at several loads
  tui-batching workloads                what is bundled

tui-batching COMMAND --help shows the examples of a command.
"""


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; `command` of the answer is the function to call with it.

    Raises:
        InputError: if they are not as expected.
        SystemExit: after `--help` and `--version`.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    # The module of a command that is named is the only one that is needed, and of no command none.
    commands = _COMMANDS if words and words[0] not in _COMMANDS else tuple(words[:1])
    return _parser(commands).parse_args(words)


def _parser(commands: Sequence[str]) -> Parser:
    parser = Parser(
        prog="tui-batching",
        description=(
            "Watch the same requests go through static, dynamic and continuous batching,\n"
            "side by side. Without a command it opens the app on the workload 'notebook'."
        ),
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(**play.DEFAULTS)
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for command in commands:
        import_module(f"tui_batching.cli.commands.{command}").add_to(choices)
    return parser
