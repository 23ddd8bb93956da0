"""The formats of traces in one table, and which of them a file has.

A further format is one more entry: its name, whose it is, its columns or keys for arrival, input
and output tokens, the unit of its times, and what a request has that was answered.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tui_batching.errors import InputError, one_of
from tui_batching.printable import quoted
from tui_batching.workload.traces.documents import BenchmarkResult, bench_results, guidellm_results
from tui_batching.workload.traces.layouts import delimiter_of
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.traces.values import Unit

Names: TypeAlias = str | tuple[str, ...]
"""A column's or key's name, or several of which the first is taken that is there."""

ROLES = ("arrival", "input", "output", "max_tokens", "priority")
"""What is read of a row."""

ASKED = "max_tokens"
"""The column of what the client asked for, in whatever format; without it, its answer's length."""

PRIORITY = "priority"
"""The column of the priority, in whatever format: the lower the sooner; without it, 0."""

GROUP, GROUP_TOKENS = "prefix_group", "prefix_tokens"
"""The columns of a group that begins alike, in whatever format, and of how many tokens do so."""


@dataclass(frozen=True)
class TraceFormat:
    """A format of traces.

    Attributes:
        name: what `format:` calls it.
        title: whose format it is.
        arrival, input, output: the columns or keys of a row's values; no arrival where a file has
            lengths alone.
        about: what a user should know of it, as `tui-batching formats` has it.
        unit: what numbers in `arrival` count.
        instants: whether arrivals are usually instants, which need no unit.
        tells_unit: whether the files themselves tell the unit, by the name of a key.
        where: columns or keys by which a failed request is told: one that has something else there.
        failed: what marks a failed request, in words: they are not replayed.
        queue: the column or key of the time before `arrival` that a client held a request back.
        session: the column or key that rows of one conversation share, whose lengths are what each
            turn adds.
        chained: the key of further requests in a row, each of which waits for the answer before.
        group: the column or key of what several prompts begin with.
        group_tokens: of how many tokens that has.
        group_beside: whether `input` does not count those.
        counted: the column or key of the tokens of a prompt as the server counted them, which goes
            first where it is not 0 and the row is in no group.
        hashes: the column or key of a hash for each block of the prompt, after all before it.
        answer_hashes: of hashes that go on with the answer.
        hash_block: tokens of such a block, but in the last one.
        uncounted: what is told where there is text instead of the number of its tokens.
        max_tokens, priority: columns or keys that may be missing.
        told_by: the columns or keys by which it is recognised, if not those of the values.
        results: takes the results out of a file that is no table; None for CSV and JSON lines.
    """

    name: str
    title: str
    arrival: Names
    input: Names
    output: Names
    about: str = ""
    unit: Unit = "s"
    instants: bool = False
    tells_unit: bool = False
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: str = "no output tokens"
    queue: str = ""
    session: str = ""
    chained: str = ""
    group: str = GROUP
    group_tokens: str = GROUP_TOKENS
    group_beside: bool = False
    counted: str = ""
    hashes: str = ""
    answer_hashes: str = ""
    hash_block: int = 1
    uncounted: str = ""
    max_tokens: str = ASKED
    priority: str = PRIORITY
    told_by: tuple[str, ...] = ()
    results: Callable[[Sequence[object], str], list[BenchmarkResult]] | None = None

    @property
    def signature(self) -> tuple[str, ...]:
        """The columns or keys by which it is recognised."""
        return self.told_by or (first_of(self.arrival), *self.lengths_signature)

    @property
    def lengths_signature(self) -> tuple[str, ...]:
        """The columns or keys by which its lengths are recognised where it has no arrivals."""
        return first_of(self.input), first_of(self.output)


def first_of(names: Names) -> str:
    """The usual one of a column's names."""
    return names if isinstance(names, str) else names[0]


PLAIN = TraceFormat(  # the names of a workload file's own list of requests
    "csv",
    "plain",
    "arrival_time",
    "input_tokens",
    "output_tokens",
    about="the columns of a workload file's own list of requests",
)

_TABLE = (
    PLAIN,
    TraceFormat(
        "azure",
        "Azure LLM inference",
        "TIMESTAMP",
        "ContextTokens",
        "GeneratedTokens",
        instants=True,
        about="the Azure LLM inference traces of 2023 and 2024",
    ),
    TraceFormat(
        "mooncake",
        "Mooncake",
        "timestamp",
        "input_length",
        "output_length",
        unit="ms",
        session="session_id",
        hashes="hash_ids",
        hash_block=512,
        about="Mooncake's traces, and AIPerf's; others write the same keys in seconds: "
        "`unit: s`. `hash_ids` are of blocks of 512 tokens",
    ),
    TraceFormat(
        "bailian",
        "Qwen-Bailian",
        "timestamp",
        "input_length",
        "output_length",
        told_by=("chat_id", "parent_chat_id", "timestamp", "input_length", "output_length"),
        hashes="hash_ids",
        hash_block=16,
        about="the Qwen-Bailian traces of Alibaba; the prompt of a turn has all turns before it; "
        "`hash_ids` are of blocks of 16 tokens",
    ),
    TraceFormat(  # with six columns or, later, eight
        "burstgpt",
        "BurstGPT",
        "Timestamp",
        "Request tokens",
        "Response tokens",
        failed="0 response tokens",
        about="BurstGPT; a failed request has 0 response tokens",
    ),
    TraceFormat(
        "vidur",
        "Vidur",
        "arrived_at",
        "num_prefill_tokens",
        "num_decode_tokens",
        about="the traces of the simulator Vidur",
    ),
    TraceFormat(
        "llmservingsim",
        "LLMServingSim",
        "arrival_time_ns",
        "input_toks",
        "output_toks",
        unit="ns",
        tells_unit=True,
        chained="sub_requests",
        hashes="input_tok_ids",
        answer_hashes="output_tok_ids",
        about="workloads of the simulator LLMServingSim; `input_tok_ids` and `output_tok_ids` are "
        "the tokens themselves",
    ),
    TraceFormat(
        "blis",
        "BLIS TraceV2",
        "arrival_time_us",
        "input_tokens",
        "output_tokens",
        unit="us",
        tells_unit=True,
        where={"status": ("ok",)},
        failed="no output tokens, or a status that is not ok",
        session="session_id",
        group_tokens="prefix_length",
        group_beside=True,
        counted="server_input_tokens",
        about="a TraceV2 of the simulator BLIS (inference-sim): its YAML, with the CSV of the same "
        "name beside it, or the CSV alone; a prompt is `prefix_length` and `input_tokens`",
    ),
    TraceFormat(
        "apex",
        "APEX",
        "StartTimeOffset",
        "ContextTokens",
        "GeneratedTokens",
        unit="ns",
        about="traces of the simulator APEX",
    ),
    # `arrival_time` is a wall clock. `queued_ts` and what follows are on a monotonic clock that has
    # nothing to do with it, and come later: the engine queues between two steps.
    TraceFormat(
        "vllm-log",
        "vLLM request log",
        "arrival_time",
        "input_toks",
        "output_toks",
        about="a vLLM server's log, one object a request; the arrival is `arrival_time`",
    ),
    TraceFormat(
        "vllm-bench",
        "vllm bench serve result",
        "start_times",
        "input_lens",
        "output_lens",
        queue="queue_times",
        where={"errors": ()},
        told_by=("request_throughput", "total_input_tokens"),
        results=bench_results,
        about="`vllm bench serve --save-result --save-detailed`, or `--append-result`; a request "
        "arrives when it was to be sent, `start_times` less `queue_times`",
    ),
    TraceFormat(
        "aiperf",
        "AIPerf",
        "metadata.request_start_ns",
        "metrics.input_sequence_length.value",
        "metrics.output_sequence_length.value",
        unit="ns",
        tells_unit=True,
        where={"error": (), "metadata.was_cancelled": ("false",)},
        failed="failed, cancelled or without output",
        told_by=("request_start_ns", "metadata", "metrics"),
        about="`profile_export.jsonl` of AIPerf",
    ),
    TraceFormat(
        "guidellm",
        "GuideLLM benchmark",
        ("request_start_time", "info.timings.request_start", "start_time"),
        "prompt_tokens",
        "output_tokens",
        where={"status": ("successful",)},
        failed="errored, incomplete or without output",
        told_by=("benchmarks", "successful"),
        results=guidellm_results,
        about="the JSON of `guidellm benchmark`",
    ),
    TraceFormat(
        "inference-perf",
        "inference-perf report",
        "start_time",
        ("info.input_tokens", "info.request_metrics.text.input_tokens"),
        ("info.output_tokens", "info.response_metrics.output_tokens"),
        where={"error": ()},
        failed="an error, or no output tokens",
        told_by=("start_time", "end_time", "request", "response", "info"),
        about="`per_request_lifecycle_metrics.json` of inference-perf",
    ),
    TraceFormat(
        "litellm",
        "LiteLLM spend log",
        "startTime",
        "prompt_tokens",
        "completion_tokens",
        instants=True,
        where={"status": ("success",)},
        failed="no output tokens, or a status that is not success",
        about="the spend logs of LiteLLM, exported or as its API answers, one page or several",
    ),
    TraceFormat(
        "sharegpt",
        "ShareGPT",
        "",
        ("conversations.0.num_tokens", "conversations.0.value"),
        ("conversations.1.num_tokens", "conversations.1.value"),
        failed="a conversation without an answer",
        told_by=("conversations", "from"),
        uncounted="the number of its tokens as num_tokens beside it, or in its place (the model's "
        "tokenizer counts them)",
        about="lengths alone: the first two messages of each conversation, as `vllm bench serve` "
        "takes them, with the number of their tokens",
    ),
)

FORMATS: dict[str, TraceFormat] = {known.name: known for known in _TABLE}

_KEY = re.compile(r'"([A-Za-z_ ]{1,40})"\s*:')
_MADE = "requests: {lengths: FILE, arrivals: {poisson: {rate: 2}}} in a workload file, which makes"
_LONGEST_KEY = 60
"""Characters that may be needed of a part of the text to find a key across its end."""


def recognise(text: TraceText) -> TraceFormat:
    """The format of an open trace, which is read from its start on afterwards.

    Raises:
        InputError: if it is none that is known.
    """
    names: set[str] = set()
    for names in _names(text):
        fitting = [known for known in FORMATS.values() if names.issuperset(known.signature)]
        if fitting:
            refuse_lengths_alone(text, known := _best(fitting))
            return known
    raise _unknown(text, names)


def refuse_lengths_alone(text: TraceText, known: TraceFormat) -> None:
    """Refuse a format that has no arrivals.

    Raises:
        InputError: if it has none.
    """
    if not known.arrival:
        raise InputError(
            f"{text.where}: found lengths without arrivals ({known.title}), expected {_MADE} "
            "arrivals for them"
        )


def _best(fitting: Sequence[TraceFormat]) -> TraceFormat:
    """The one that says most; of two, the one with arrivals."""
    return max(fitting, key=lambda known: (len(known.signature), known.arrival != ""))


def recognise_lengths(text: TraceText) -> TraceFormat:
    """The format of an open file of lengths, which need no arrivals.

    Raises:
        InputError: if it is none that is known.
    """
    names: set[str] = set()
    for names in _names(text):
        whole = [known for known in FORMATS.values() if names.issuperset(known.signature)]
        fitting = whole or _with_lengths(names)
        if fitting:
            return _best(fitting)
    raise _unknown(text, names)


def _with_lengths(names: set[str]) -> list[TraceFormat]:
    known = FORMATS.values()
    return [each for each in known if names.issuperset(each.lengths_signature)]


def _names(text: TraceText) -> Iterable[set[str]]:
    """The columns or keys found so far, each time that more of the text has been looked at."""
    head = text.head.lstrip()
    if head[:1] not in ("{", "["):
        # A broken first line has no names that are known.
        lines = head.splitlines()[:1]
        reader = csv.reader(lines, delimiter=delimiter_of(lines[0]), skipinitialspace=True)
        yield {name.strip() for name in next(reader)}
        return
    names: set[str] = set()
    before = ""
    for part in text.again():
        names.update(_KEY.findall(before + part))
        before = part[-_LONGEST_KEY:]
        yield names


def _unknown(text: TraceText, names: set[str]) -> InputError:
    line = text.head.lstrip().partition("\n")[0].rstrip("\r")
    found, hint = quoted(line), ""
    if ";" in line and "," not in line and line[:1] not in ("{", "["):
        return InputError(
            f"{text.where}:1: found {found}, with ';' between its columns, expected ','"
        )
    if "delay" in names:
        found += ", whose arrivals hang on the answers before (delay)"
    elif lengths := _with_lengths(names):
        told = " and ".join(lengths[0].lengths_signature)
        return InputError(
            f"{text.where}: found {told} without arrivals, expected "
            f"{first_of(lengths[0].arrival)} as well (workload.columns names another column; or "
            f"{_MADE} arrivals for them)"
        )
    else:
        hint = "; workload.columns names others"
    return InputError(
        f"{text.where}:1: found {found}, expected the columns or keys of "
        f"{one_of(FORMATS)} (such as {','.join(PLAIN.signature)}{hint})"
    )
