"""What the parsers of the commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_batching.analysis.service_level import limits_text
from tui_batching.cli.words import SET
from tui_batching.clock import Picoseconds, parse_duration
from tui_batching.errors import InputError
from tui_batching.reading.fields import Field
from tui_batching.workload import Workload, apply_settings, choose_strategies, load_workload
from tui_batching.workload.service_level import ServiceLevel

if TYPE_CHECKING:
    from tui_batching.analysis.sweeps import Kind
    from tui_batching.cli.progress import Reporter

FIRST_WORKLOAD = "notebook"
"""What is served where no workload is named."""
FIRST_WORKLOADS: Mapping[Kind, str] = {
    "load": "notebook-load",
    "batch-size": "notebook-batch-size",
    "timeout": "notebook",
}
"""What is swept where no workload is named."""
FIRST_OF_ENGINES = "engines"
"""What is swept where none is named and it is a parameter of engines."""


METRICS_HELP = (
    "what to show, such as ttft.p99,tpot.p99,attainment (default: what the service level limits, "
    "else latency and TTFT; --json and --csv tell all)"
)

_SET_HELP = (
    "change the workload, as in --set batch_size=8 (of all strategies that have it) "
    "vllm.batch_size=8 (of one) workload.rate=5 cost=PROFILE; the keys are listed by tui-batching "
    "strategies, workloads, formats (of traces) and profiles (of costs)"
)


class _Limits(argparse.Action):
    """Takes `--slo ttft=500ms,tpot.p99=50ms` as a setting of the workload."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002 - argparse's own
    ) -> None:
        for limit in str(values).split(","):
            name, equals, most = limit.partition("=")
            if not equals or name.strip() not in ServiceLevel.constraints:
                parser.error(
                    f"--slo: found {limit!r}, expected limits such as ttft=500ms,tpot=50ms of each "
                    "request, or targets such as ttft.p95=500ms,e2el.mean=10s"
                )
            if most.strip().replace(".", "", 1).isdecimal():
                print(
                    f"tui-batching: warning: --slo {limit.strip()} is {most.strip()} seconds; "
                    f"{most.strip()}ms would be milliseconds",
                    file=sys.stderr,
                )
        namespace.settings = [*namespace.settings, f"slo={values}"]


def add_workload(parser: argparse.ArgumentParser, first: str = FIRST_WORKLOAD) -> None:
    """Let the parser take a workload to serve, `first` by default; see `add_requests`."""
    add_requests(parser, first)
    serving = parser.add_mutually_exclusive_group()
    serving.add_argument(
        "--strategies",
        metavar="NAMES",
        help="serve with these strategies, in this order, such as static,continuous",
    )
    serving.add_argument(
        "--strategy", metavar="NAME", dest="strategies", help="serve with this strategy alone"
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """Let the parser take a server's log, the engine that wrote it, and its settings."""
    parser.add_argument(
        "workload",
        metavar="LOG",
        nargs="?",
        help=(
            "a vLLM request log (JSON lines with queued_ts, scheduled_ts, first_token_ts, "
            "last_token_ts), a result of vllm bench serve --save-detailed, or CSV with "
            "arrival_time, input_tokens, output_tokens, first_token_time, end_time"
        ),
    )
    parser.add_argument(
        "--engine", metavar="NAME", default="vllm", help="what served it (default: vllm)"
    )
    _add_settings(
        parser, "a setting of the engine, such as max_num_seqs=128; goes before meta.json"
    )
    parser.add_argument(
        "--contents",
        metavar="FILE",
        help="a trace of the same requests, row by row, that tells what their prompts share",
    )


def log_path(arguments: argparse.Namespace) -> Path:
    """The log that the arguments name.

    Raises:
        InputError: if they name none.
    """
    if arguments.workload is None:
        raise InputError("found no LOG, expected the file that a server's times are in")
    return Path(arguments.workload)


def engine_name(arguments: argparse.Namespace) -> str:
    """The engine that the arguments name.

    Raises:
        InputError: if there is none called so that serves iteration by iteration.
    """
    from tui_batching.measured.server import engine_called  # noqa: PLC0415 - for two commands alone

    try:
        return engine_called(arguments.engine).about.name
    except InputError as error:
        raise InputError(f"--{error}") from None


def read_share(option: str, text: str) -> float:
    """A share such as `50%` or `0.5`, above 0 and at most 1.

    Raises:
        InputError: if it is none.
    """
    percent = text.strip().endswith("%")
    most = 100 if percent else 1
    value = Field.of_text(text.strip().removesuffix("%"), option).decimal(above=0, most=most)
    return value / most


def add_requests(parser: argparse.ArgumentParser, first: str = FIRST_WORKLOAD) -> None:
    """Let the parser take a workload, which is `first` by default, and settings that change it."""
    parser.add_argument(
        "workload",
        metavar="WORKLOAD",
        nargs="?",
        help=f"a bundled workload's name, a YAML file or a trace (default: {first})",
    )
    _add_settings(parser, _SET_HELP)
    parser.add_argument(
        "--slo",
        metavar="LIMITS",
        action=_Limits,
        default=argparse.SUPPRESS,
        help=(
            "the most each request may take, such as ttft=500ms,tpot=50ms,e2el=10s, or a mean or "
            "p50, p90, p95 or p99 of them, such as ttft.p95=500ms; instead of the workload's"
        ),
    )
    parser.set_defaults(strategies=None)


def _add_settings(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument(
        SET, dest="settings", metavar="KEY=VALUE ...", action="append", default=[], help=about
    )


def _load(named: str) -> Workload:
    """The workload that a user names.

    Raises:
        InputError: if it is not as expected; of a deck it is said that it is one.
    """
    try:
        return load_workload(named)
    except InputError:
        from tui_batching.cli.decks import is_deck_file  # noqa: PLC0415 - here alone, and it is slow

        if is_deck_file(named):
            words = "a workload; present shows a deck, record --chapter N records a chapter of it"
            raise InputError(f"{named}: found a deck, expected {words}") from None
        raise


def read_workload(
    arguments: argparse.Namespace,
    report: Reporter,
    first: str = FIRST_WORKLOAD,
    varied: Kind | None = None,
    *,
    served: bool = True,
) -> Workload:
    """The workload that the arguments name, or else `first`, changed as they say.

    Its requests are made; what a user should know of them, and of what serves them unless nothing
    does or a sweep varies it, is told on stderr.

    Raises:
        InputError: if it or a setting is not as expected.
    """
    report("reading the workload")
    workload = _load(first if arguments.workload is None else arguments.workload)
    if arguments.strategies is not None:
        names = [name.strip() for name in arguments.strategies.split(",")]
        try:
            workload = choose_strategies(workload, names)
        except InputError as error:
            raise InputError(f"--strategies: {error}") from None
    if workload.slo is not None and any(each.startswith("slo=") for each in arguments.settings):
        limits = limits_text(workload.slo)
        print(f"--slo goes instead of this workload's {limits}", file=sys.stderr)
    workload = apply_settings(workload, arguments.settings)
    if varied is not None:
        from tui_batching.analysis.sweeps import varying  # noqa: PLC0415 - few commands need it

        workload = varying(workload, varied)
    read_requests(workload, report, served=served)
    return workload


def read_requests(workload: Workload, report: Reporter, *, served: bool = True) -> None:
    """Make the requests of a workload, and tell on stderr what a user should know of them.

    Raises:
        InputError: if they cannot be made.
    """
    report("reading the workload")
    workload.source.make_requests(report.done)
    for notice in workload.notices if served else workload.source.notices:
        print(notice, file=sys.stderr)


def workload_words(arguments: argparse.Namespace) -> list[str]:
    """The arguments of a command that name this workload as it is changed."""
    settings = [word for setting in arguments.settings for word in ("--set", setting)]
    chosen = [] if arguments.strategies is None else ["--strategies", arguments.strategies]
    return [arguments.workload or FIRST_WORKLOAD, *chosen, *settings]


def read_duration(option: str, text: str | None) -> Picoseconds | None:
    """The duration that an option was given; None where it was not.

    Raises:
        InputError: if it is no duration.
    """
    if text is None:
        return None
    try:
        return parse_duration(text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None
