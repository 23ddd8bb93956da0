"""Which format a trace has: told from its first line or keys, whatever the file is called."""

from __future__ import annotations

import csv
import re

from tui_batching.errors import InputError
from tui_batching.workload.traces.azure import AZURE
from tui_batching.workload.traces.burstgpt import BURSTGPT
from tui_batching.workload.traces.mooncake import MOONCAKE
from tui_batching.workload.traces.plain import PLAIN
from tui_batching.workload.traces.rows import TraceFormat
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.traces.vidur import VIDUR
from tui_batching.workload.traces.vllm_bench import VLLM_BENCH
from tui_batching.workload.traces.vllm_log import VLLM_LOG
from tui_batching.workload.wording import one_of, shown

FORMATS: dict[str, TraceFormat] = {
    known.name: known for known in (PLAIN, AZURE, MOONCAKE, BURSTGPT, VIDUR, VLLM_BENCH, VLLM_LOG)
}

_KEY = re.compile(r'"([A-Za-z_]{1,40})"\s*:')


def recognise(text: TraceText) -> TraceFormat:
    """The format of an open trace.

    Raises:
        InputError: if it is none that is known.
    """
    head = text.head.lstrip()
    if head.startswith("{"):
        names = set(_KEY.findall(head))
    else:
        # A broken first line has no names that are known.
        first = next(csv.reader(head.splitlines()[:1], skipinitialspace=True))
        names = {name.strip() for name in first}
    for known in FORMATS.values():
        if names.issuperset(known.signature):
            return known
    line = head.partition("\n")[0].rstrip("\r")
    raise InputError(
        f"{text.where}:1: found {shown(line)}, expected the columns or keys of "
        f"{one_of(FORMATS)} (such as {','.join(PLAIN.signature)})"
    )
