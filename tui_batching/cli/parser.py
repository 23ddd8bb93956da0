"""The arguments of the program and its commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from tui_batching import __version__
from tui_batching.cli import commands
from tui_batching.errors import InputError
from tui_batching.workload.settings import setting_keys

_FIRST_WORKLOAD = "notebook"
_PROGRAM_EXAMPLES = """\
examples:
  tui-batching                          watch the bundled workload 'notebook'
  tui-batching play chat --theme light  watch another one
  tui-batching compare overload         all numbers side by side, without the app
  tui-batching workloads                what is bundled

tui-batching COMMAND --help shows the examples of a command.
"""
_PLAY_EXAMPLES = """\
examples:
  tui-batching play
  tui-batching play rag --set batch_size=8
  tui-batching play my-workload.yaml --set dynamic.timeout=300ms --theme light
"""
_COMPARE_EXAMPLES = """\
examples:
  tui-batching compare
  tui-batching compare chat --set batch_size=8 --set workload.rate=5
  tui-batching compare overload --set dynamic.timeout=300ms --set dynamic.timeout_from=arrival
  tui-batching compare my-workload.yaml --json > metrics.json
  tui-batching compare chat --requests --csv requests.csv
"""
_WORKLOADS_EXAMPLES = """\
examples:
  tui-batching workloads
"""
_VALIDATE_EXAMPLES = """\
examples:
  tui-batching validate my-workload.yaml
"""


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one sentence, as the rest of the program does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options
        )

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            InputError: always.
        """
        raise InputError(f"{message} (see {self.prog} --help)")


class _Settings(argparse.Action):
    """Collects `--set KEY=VALUE ...`.

    Several settings may follow one `--set`. A workload may come behind them: whatever has no `=`.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002 - argparse's own
    ) -> None:
        first, *others = list(values or ())
        namespace.settings = [*namespace.settings, first, *(v for v in others if "=" in v)]
        for workload in (value for value in others if "=" not in value):
            if namespace.workload is not None:
                parser.error(f"found a second workload: {workload!r}, expected one")
            namespace.workload = workload


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments; `command` of the answer is the function to call with it.

    Raises:
        InputError: if they are not as expected.
        SystemExit: after `--help` and `--version`.
    """
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "workload", _FIRST_WORKLOAD) is None:
        arguments.workload = _FIRST_WORKLOAD
    return arguments


def _parser() -> _Parser:
    parser = _Parser(
        prog="tui-batching",
        description=(
            "Watch the same requests go through static, dynamic and continuous batching,\n"
            "side by side. Without a command it opens the app on the workload 'notebook'."
        ),
        epilog=_PROGRAM_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.set_defaults(command=commands.play, workload=None, settings=[], theme=None, tick=None)
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    _add_play(choices)
    _add_compare(choices)
    listing = choices.add_parser(
        "workloads",
        help="list the bundled workloads",
        description="List the bundled workloads with what to watch for in each.",
        epilog=_WORKLOADS_EXAMPLES,
    )
    listing.set_defaults(command=commands.workloads)
    _add_validate(choices)
    return parser


def _add_play(choices: argparse._SubParsersAction[_Parser]) -> None:
    parser = choices.add_parser(
        "play",
        help="watch a workload in the app",
        description="Open the app on a workload.",
        epilog=_PLAY_EXAMPLES,
    )
    _add_workload(parser)
    parser.add_argument("--theme", metavar="NAME", help="the colours to start with")
    parser.add_argument(
        "--tick", metavar="DURATION", help="how far the keys , and . go (default: 10ms)"
    )
    parser.set_defaults(command=commands.play)


def _add_compare(choices: argparse._SubParsersAction[_Parser]) -> None:
    parser = choices.add_parser(
        "compare",
        help="print the metrics of all strategies side by side",
        description="Serve a workload with each strategy and print the metrics side by side.",
        epilog=_COMPARE_EXAMPLES,
    )
    _add_workload(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument(
        "--csv", metavar="FILE", help="write CSV to a new file; - prints it instead of the table"
    )
    parser.add_argument(
        "--requests",
        action="store_true",
        help="with --json or --csv: every request, with the parts of its latency",
    )
    parser.add_argument("--force", action="store_true", help="let --csv replace a file")
    parser.set_defaults(command=commands.compare)


def _add_validate(choices: argparse._SubParsersAction[_Parser]) -> None:
    parser = choices.add_parser(
        "validate",
        help="check a workload file",
        description="Check a workload file; what is wrong with it is told in one sentence.",
        epilog=_VALIDATE_EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(command=commands.validate)


def _add_workload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "workload",
        metavar="WORKLOAD",
        nargs="?",
        default=argparse.SUPPRESS,
        help="a bundled workload's name, or a YAML file (default: notebook)",
    )
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="KEY=VALUE",
        nargs="+",
        action=_Settings,
        help="change the workload, may be repeated; the keys: " + ", ".join(setting_keys()),
    )
    parser.set_defaults(workload=None, settings=[])
