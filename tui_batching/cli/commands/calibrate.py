"""`calibrate`: from a server's log to what its iterations cost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tui_batching.cli.arguments import (
    add_log,
    engine_name,
    log_path,
    read_share,
)
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.cli.terminal import add_ascii
from tui_batching.errors import InputError
from tui_batching.export import accuracy_output
from tui_batching.measured.calibration import Calibration, calibrate_log
from tui_batching.measured.contents import with_contents
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import META, server_of
from tui_batching.numbers import counted
from tui_batching.output_files import refuse_target, written_whole

_EXAMPLES = """\
examples:
  tui-batching calibrate requests.jsonl -o my-server.yaml
  tui-batching calibrate requests.jsonl --train 50%
  tui-batching calibrate requests.jsonl --contents workload-with-token-ids.jsonl
  tui-batching calibrate result.json --set max_num_seqs=128 kv_cache_tokens=40000
  tui-batching calibrate measured.csv --engine sglang --json > fit.json
  tui-batching compare my-workload.yaml --set cost=my-server.yaml
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Find what an iteration costs from the times that a server measured, and print how\n"
        "far a simulation with these prices is off. Settings come from meta.json beside the\n"
        "log, from --set, or are inferred; the profile that is written goes where cost: does."
    )
    parser.epilog = _EXAMPLES
    add_log(parser)
    parser.add_argument(
        "--train",
        metavar="SHARE",
        default="100%",
        help="use the times of the first requests alone, such as 50%%, and test on the rest",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the profile to a new file")
    parser.add_argument("--force", action="store_true", help="let --output replace a file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    add_ascii(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the fit, and write the profile where that is asked for.

    Raises:
        InputError: if the log, a setting or an option is not as expected, or the profile cannot be
            written.
    """
    target = _target(arguments)
    made = _calibrate(arguments)
    if target:
        with written_whole(target, replace=arguments.force) as out:
            out.write(made.profile)
    if arguments.json:
        accuracy_output.write_calibration_json(made, sys.stdout)
    else:
        from tui_batching.cli.print_accuracy import print_calibration  # noqa: PLC0415 - rich loads slowly

        print_calibration(made, ascii_only=arguments.ascii)


def _target(arguments: argparse.Namespace) -> Path | None:
    if arguments.output is None:
        if arguments.force:
            raise InputError("found --force alone, expected --output FILE with it")
        return None
    path = Path(arguments.output)
    refuse_target(path, replace=arguments.force)
    return path


def _calibrate(arguments: argparse.Namespace) -> Calibration:
    path, engine = log_path(arguments), engine_name(arguments)
    share = read_share("--train", arguments.train)
    with reporting() as report:
        report("reading the log")
        log = read_log(path, report.done)
        if arguments.contents is not None:
            log = with_contents(log, arguments.contents)
        server = server_of(
            log, path.with_name(META), engine, arguments.settings, log.first_rows(share)
        )
        report(f"fitting {counted(len(log), 'request')}")
        return calibrate_log(log, server, share, report.done)
