"""`replay`: a server's log against a simulation of it."""

from __future__ import annotations

import argparse
import sys
from functools import partial

import numpy as np

from tui_batching.cli.arguments import add_log, engine_name, log_path, read_share
from tui_batching.cli.outputs import add_formats, read_output
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import Reporter, reporting
from tui_batching.cli.terminal import add_ascii
from tui_batching.cost import Cost
from tui_batching.export import accuracy_output
from tui_batching.measured.contents import with_contents
from tui_batching.measured.fit import fit
from tui_batching.measured.reading import read_log
from tui_batching.measured.replay import Replay, replay
from tui_batching.measured.server import META, Server, server_of
from tui_batching.measured.server_log import ServerLog
from tui_batching.numbers import counted
from tui_batching.reading.fields import Field
from tui_batching.workload.profiles import read_profile

_BEYOND = 1
"""The exit code where an error is larger than --within allows."""

_EXAMPLES = """\
examples:
  tui-batching replay requests.jsonl --cost my-server.yaml
  tui-batching replay requests.jsonl --cost h100-llama-3-8b --within 5%
  tui-batching replay measured.csv --engine sglang --csv requests.csv
  tui-batching replay requests.jsonl --json > replay.json
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Serve the requests of a log by simulation and print measured against simulated: the\n"
        "times, the requests that are farthest off, how many ran and waited, and when not to\n"
        "trust it. Without --cost, prices are fitted to the same log first."
    )
    parser.epilog = _EXAMPLES
    add_log(parser)
    parser.add_argument(
        "--cost", metavar="PROFILE", help="a profile's file or name (default: fitted to the log)"
    )
    parser.add_argument(
        "--within",
        metavar="SHARE",
        help="exit with 1 where a mean, p50 or p99 is farther off, such as 2%%",
    )
    add_formats(parser, "the tables")
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print measured against simulated.

    Raises:
        InputError: if the log, a setting or an option is not as expected, or the CSV file cannot
            be written.
        SystemExit: with 1 where an error is larger than --within allows.
    """
    output = read_output(arguments)
    within = None if arguments.within is None else read_share("--within", arguments.within)
    with reporting() as report:
        made = _replay(arguments, report)
    output.write(
        csv=partial(accuracy_output.write_replay_csv, made),
        json=partial(accuracy_output.write_replay_json, made),
        table=partial(_print, made, arguments.ascii),
    )
    if within is not None and (beyond := made.beyond(within)):
        told = ", ".join(f"{each.measure} {each.statistic} {each.error:+.1%}" for each in beyond)
        print(
            f"tui-batching: beyond {100 * within:.3g} % of what was measured: {told}",
            file=sys.stderr,
        )
        raise SystemExit(_BEYOND)


def _print(made: Replay, ascii_only: bool | None) -> None:
    from tui_batching.cli.print_accuracy import print_replay  # noqa: PLC0415 - rich loads slowly

    print_replay(made, ascii_only=ascii_only)


def _replay(arguments: argparse.Namespace, report: Reporter) -> Replay:
    path, engine = log_path(arguments), engine_name(arguments)
    report("reading the log")
    log = read_log(path, report.done)
    if arguments.contents is not None:
        log = with_contents(log, arguments.contents)
    server = server_of(log, path.with_name(META), engine, arguments.settings)
    cost = _cost(arguments, report, log, server)
    report(f"serving {counted(len(log), 'request')}")
    return replay(log, path, server, cost)


def _cost(arguments: argparse.Namespace, report: Reporter, log: ServerLog, server: Server) -> Cost:
    if arguments.cost is not None:
        return read_profile(Field.of_text(arguments.cost, "--cost"))
    report(f"fitting {counted(len(log), 'request')}")
    print("no --cost: the prices are fitted to the log itself", file=sys.stderr)
    return fit(log, server.engine, np.full(len(log), fill_value=True), report.done).cost
