"""`workloads export`: a workload's requests as a trace for other tools."""

from __future__ import annotations

import argparse
import sys

from tui_batching.cli.arguments import add_requests, read_workload
from tui_batching.cli.outputs import add_output, output_file
from tui_batching.cli.parser import Parser
from tui_batching.cli.progress import reporting
from tui_batching.output_files import written_whole
from tui_batching.workload.traces import WRITTEN_FORMATS, WrittenFormat, tells_sharing, write_trace

_EXAMPLES = """\
examples:
  tui-batching workloads export chat -o chat.csv
  tui-batching workloads export trace.csv.gz --set workload.limit=1000 -o trace.jsonl
"""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = (
        "Write the requests of a workload as a trace, which other tools and this one replay.\n"
        "csv is arrival_time,input_tokens,output_tokens with exact seconds; mooncake is\n"
        "Mooncake's JSON lines, in milliseconds (with decimals where they are needed);\n"
        "bailian is Qwen-Bailian's form of them, in seconds, and aiperf-mooncake AIPerf's,\n"
        "each request as a session of its own.\n"
        "max_tokens and priority follow where they are not as by default. What prompts\n"
        "share is told by mooncake, in blocks of 512 tokens, by bailian, in blocks of 16,\n"
        "and by csv (prefix_group,prefix_tokens) where it is groups that begin alike."
    )
    parser.epilog = _EXAMPLES
    add_requests(parser)
    add_output(parser, "a trace")
    parser.add_argument(
        "--format",
        choices=WRITTEN_FORMATS,
        help="the format of the trace (default: mooncake for a FILE that ends in .jsonl, else csv)",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the trace.

    Raises:
        InputError: if the workload is not as expected, or the file cannot be written.
    """
    target = output_file(arguments)
    lines = target is not None and target.suffix == ".jsonl"
    name: WrittenFormat = arguments.format or ("mooncake" if lines else "csv")
    with reporting() as report:
        requests = read_workload(arguments, report, served=False).requests
        if not tells_sharing(name, requests):
            print(
                f"{name} does not tell what prompts share: mooncake and bailian do", file=sys.stderr
            )
        if target:
            report(f"writing {target.name}")
            with written_whole(target, replace=arguments.force) as out:
                write_trace(requests, out, name)
    if not target:
        write_trace(requests, sys.stdout, name)
