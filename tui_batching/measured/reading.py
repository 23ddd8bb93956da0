"""Reading what a server measured: vLLM's request logs, results of its benchmark, plain CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from tui_batching.clock import HORIZON, SECOND, Picoseconds, format_duration
from tui_batching.errors import InputError
from tui_batching.measured.server_log import ServerLog, server_log
from tui_batching.printable import printable
from tui_batching.workload.model import ReadingProgress, ignore_progress
from tui_batching.workload.traces.documents import detailed_list
from tui_batching.workload.traces.formats import FORMATS, recognise
from tui_batching.workload.traces.json_rows import decode_object, number_texts, read_json_lines
from tui_batching.workload.traces.layouts import Block, Column, parse_block, read_csv
from tui_batching.workload.traces.text import TraceText, open_text
from tui_batching.workload.traces.values import seconds, tokens

MEASURED_FORMATS = ("vllm-log", "vllm-bench", "csv")
"""The formats of traces that can tell measured times."""

_CLOCKS_APART: Picoseconds = 10 * SECOND
"""How far the delays from arrival to queue may differ: the engine queues between two steps."""

_VLLM_LOG = (
    Column("arrival_time", seconds),
    Column("input_toks", tokens),
    Column("output_toks", tokens),
    *(
        Column(name, seconds, optional=True)
        for name in ("queued_ts", "scheduled_ts", "first_token_ts", "last_token_ts")
    ),
)
_CSV = (
    Column("arrival_time", seconds),
    Column("input_tokens", tokens),
    Column("output_tokens", tokens),
    Column("first_token_time", seconds, optional=True),
    Column("end_time", seconds, optional=True),
)


def tells_times(path: Path) -> bool:
    """Whether a file is a log of measured times, as its first rows have it.

    Raises:
        InputError: if it cannot be read, or is no traffic that is known.
    """
    with open_text(path, ignore_progress) as text:
        known = recognise(text).name
        if known != "csv":
            return known in MEASURED_FORMATS
        return {column.name for column in _CSV} <= set(
            re.findall(r"\w+", text.head.lstrip().partition("\n")[0])
        )


def read_log(path: Path, progress: ReadingProgress = ignore_progress) -> ServerLog:
    """Read a log of measured times; its format is recognised.

    Raises:
        InputError: if it cannot be read, tells no times, or tells what cannot be.
    """
    with open_text(path, progress) as text:
        known = recognise(text)
        if known.name not in MEASURED_FORMATS:
            raise InputError(
                f"{text.where}: found a trace without measured times ({known.title}), expected "
                "a vLLM request log, a result of vllm bench serve --save-detailed, or CSV with "
                "arrival_time,input_tokens,output_tokens,first_token_time,end_time"
            )
        read = {"vllm-log": _read_vllm_log, "vllm-bench": _read_bench, "csv": _read_csv}
        return read[known.name](text, printable(path.name))


def _read_vllm_log(text: TraceText, name: str) -> ServerLog:
    columns, places = _gathered(_VLLM_LOG, read_json_lines(_VLLM_LOG, text))
    walls, inputs, outputs, queued, scheduled, first, last = columns
    delay = _least_delay(walls, queued, places, text.where)
    # The arrivals on the clock of all other times: the soonest request was queued at once.
    arrivals = [wall + delay for wall in walls]
    _refuse_disorder(_VLLM_LOG[3:], (queued, scheduled, first, last), places)
    return server_log(
        name,
        arrivals,
        inputs,
        outputs,
        scheduled,
        first,
        last,
        where=text.where,
        title=FORMATS["vllm-log"].title,
        wall=-delay,
    )


def _read_csv(text: TraceText, name: str) -> ServerLog:
    columns, places = _gathered(_CSV, read_csv(_CSV, text))
    arrivals, inputs, outputs, first, last = columns
    _refuse_disorder((_CSV[0], *_CSV[3:]), (arrivals, first, last), places)
    return server_log(
        name,
        arrivals,
        inputs,
        outputs,
        None,
        first,
        last,
        where=text.where,
        title="CSV of measured times",
    )


def _read_bench(text: TraceText, name: str) -> ServerLog:
    """A result of `vllm bench serve`: the first token and every gap, as the client saw them."""
    result = decode_object(text.document(), text.where)
    names = ("start_times", "input_lens", "output_lens", "ttfts", "itls")
    lists = {key: detailed_list(result, key, text.where) for key in names}
    if len(set(map(len, lists.values()))) != 1:
        told = ", ".join(f"{len(values)} {key}" for key, values in lists.items())
        raise InputError(f"{text.where}: found {told}, expected as many of each")
    places = [f"{text.where}: request {row}" for row in range(len(lists["ttfts"]))]
    columns = tuple(Column(key, tokens if key.endswith("lens") else seconds) for key in names[:-1])
    texts = [number_texts(column, lists[column.name], places) for column in columns]
    block = parse_block(columns, texts, places.__getitem__)
    starts, inputs, outputs, ttfts = (column or [] for column in block.values)
    gaps = [_gaps(told, place) for told, place in zip(lists["itls"], places, strict=True)]
    first = [start + ttft if ttft else 0 for start, ttft in zip(starts, ttfts, strict=True)]
    last = [begin and begin + sum(each) for begin, each in zip(first, gaps, strict=True)]
    errors = result.get("errors")
    if isinstance(errors, list) and len(errors) == len(outputs):
        outputs = [0 if error else made for made, error in zip(outputs, errors, strict=True)]
    return server_log(
        name,
        starts,
        inputs,
        outputs,
        None,
        first,
        last,
        where=text.where,
        title=FORMATS["vllm-bench"].title,
        gaps=gaps,
    )


def _gaps(gaps: object, place: str) -> list[Picoseconds]:
    """The gaps between the tokens of one request, as the client saw them."""
    if not isinstance(gaps, list):
        raise InputError(f"{place}: itls: found no list, expected the gaps between tokens")
    column = Column("itls", seconds)
    texts = number_texts(column, gaps, [place] * len(gaps))
    return parse_block((column,), [texts], lambda _: place).values[0] or []


def _gathered(
    columns: Sequence[Column], blocks: Iterable[Block]
) -> tuple[list[list[int]], list[str]]:
    """Whole columns, with 0 for what is missing, and where each row stands."""
    whole: list[list[int]] = [[] for _ in columns]
    places: list[str] = []
    for block in blocks:
        count = len(block.values[0] or ())
        for column, values in zip(whole, block.values, strict=True):
            column.extend(values or [0] * count)
        places.extend(map(block.place, range(count)))
    return whole, places


def _least_delay(
    walls: list[Picoseconds], queued: list[Picoseconds], places: list[str], where: str
) -> Picoseconds:
    """How much later, on its own clock, the engine queues a request than it came, at least.

    Raises:
        InputError: if that is far from the same for all.
    """
    delays = [
        (told - wall, row)
        for row, (wall, told) in enumerate(zip(walls, queued, strict=True))
        if told
    ]
    if not delays:
        raise InputError(f"{where}: found no queued_ts, expected the times of a vLLM request log")
    (least, _), (most, row) = min(delays), max(delays)
    if most - least > _CLOCKS_APART:
        raise InputError(
            f"{places[row]}: found a request queued {_duration(most - least)} later after "
            "its arrival than another one, expected the log of one server whose clock never jumps"
        )
    return least


def _refuse_disorder(
    columns: Sequence[Column], times: Sequence[list[Picoseconds]], places: list[str]
) -> None:
    """Refuse a request of which something ends before it begins; what is missing is passed over."""
    for row, instants in enumerate(zip(*times, strict=True)):
        told = [(time, column.name) for time, column in zip(instants, columns, strict=True) if time]
        for (before, first), (after, second) in pairwise(told):
            if after < before:
                raise InputError(
                    f"{places[row]}: found a {second} {_duration(before - after)} before "
                    f"{first}, expected times in order on one clock"
                )


def _duration(time: Picoseconds) -> str:
    """A duration for an error message; of one beyond the clock, where that ends."""
    return format_duration(min(time, HORIZON))
