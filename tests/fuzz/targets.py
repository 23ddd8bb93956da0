"""What is fuzzed: each reader as a function of bytes, with texts to begin from."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests import traces
from tui_batching.charts.palette import read_palette
from tui_batching.errors import InputError
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import server_of
from tui_batching.measured.server_log import server_log
from tui_batching.reading.files import data_folder, read_text
from tui_batching.tour import ViewParts, load_deck
from tui_batching.workload import apply_settings, load_workload, parse_workload
from tui_batching.workload.profiles import parse_profile

MOST_REQUESTS = 5_000
"""Larger workloads are read, but not drawn: fuzzing is after the reader."""


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        read: takes a file.
        suffix: of the file's name.
        seeds: contents to begin from, all of them valid.
    """

    read: Callable[[Path], object]
    suffix: str
    seeds: tuple[bytes, ...]

    def survives(self, content: bytes) -> None:
        """Read the content.

        Raises:
            AssertionError: if it is refused in anything but one printable line that names the file.
            Exception: whatever else came out of the reader.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"fuzzed{self.suffix}"
            path.write_bytes(content)
            try:
                self.read(path)
            except InputError as error:
                sentence = str(error)
                assert sentence.isprintable(), repr(sentence)
                assert path.name in sentence, sentence
                assert len(sentence) < 2000, f"{len(sentence)} characters"


def _workload(path: Path) -> None:
    workload = load_workload(path)
    if getattr(workload.source, "count", 0) <= MOST_REQUESTS:
        try:
            _ = workload.requests
        except InputError as error:  # drawn only now, when the file is out of sight
            raise InputError(f"{path.name}: {error}") from None


def _settings(path: Path) -> None:
    """Lines of `KEY=VALUE`, one after the other."""
    workload = load_workload("chat")
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[:20]:
        try:
            workload = apply_settings(workload, [line])
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from None


def _profile(path: Path) -> None:
    parse_profile(read_text(path), path.name, path.stem)


def _deck(path: Path) -> None:
    load_deck(path, VIEWS)


def _trace(path: Path) -> None:
    """All rows, and then some of them."""
    workload = load_workload(path)
    _ = workload.requests
    _ = apply_settings(workload, ["workload.limit=2", "workload.max_output=7"]).requests


def _server(path: Path) -> None:
    """Settings of a server beside the log of a request that nobody else runs with."""
    one = [10**12]
    log = server_log("log", [0], [5], [5], None, one, one, where="log", title="log")
    server_of(log, path, "vllm", [])


_READ_SO = (
    "workload.columns=arrival=at,input=in,output=out",
    "workload.where=model=a",
    "workload.unit=us",
    "workload.spread=true",
    "workload.busiest=1s",
)
_FLAT = b"at,in,out,model\n1,2,3,a\n2.5,3.0,,b\n2024-05-01T12:00:00Z,4,5,a\n"
_LINES = b'{"at": 1, "in": 2, "out": 3, "model": "a"}\n{"at": "2", "in": 3, "out": null}\n'


def _own_columns(path: Path) -> None:
    """A flat file whose columns are told."""
    _ = apply_settings(load_workload(path), _READ_SO).requests


def _lengths(path: Path) -> None:
    """A file as one of lengths."""
    recipe = f"requests: {{lengths: '{path}', arrivals: {{constant: {{rate: 2}}}}}}"
    _ = parse_workload(recipe, path.name).requests


def _results(path: Path) -> None:
    """A file with several results."""
    _ = apply_settings(load_workload(path), ["workload.result=2"]).requests


def _files(kind: str, part: str = "") -> tuple[bytes, ...]:
    folder = data_folder(kind) / part  # type: ignore[arg-type]
    return tuple(path.read_bytes() for path in sorted(folder.glob("*.yaml")))


_LISTED = b"""requests:
  - {arrival_time: 50ms, input_tokens: 50, output_tokens: 10}
  - {arrival_time: 0.1, input_tokens: 0, output_tokens: 1, id: 7}
  - {arrival_time: 1, input_tokens: 9, output_tokens: 1, prefix: {group: a, tokens: 8}}
"""
_TALKS = b"""requests:
  generate:
    count: 9
    arrivals: {poisson: {rate: 3}}
    input_tokens: {fixed: 5}
    output_tokens: {fixed: 4}
    prefixes: [{tokens: 30, weight: 2, count: 3}, {tokens: 0}]
    turns: {mean: 3, think_time: 2s}
"""

VIEWS = {
    "live": ViewParts(("lanes", "race"), has_panels=True, bars=("answer", "memory")),
    "gantt": ViewParts(has_panels=True),
    "slots": ViewParts(has_panels=True),
    "learn": ViewParts(),
}
_DECK = b"""title: A talk
chapters:
  - title: One
    text: [Read this., And this.]
    notes: Say that.
    workload: illustrative
    set: {batch_size: 8, dynamic.timeout: 300ms}
    view: gantt
    at: 1.5s
    speed: 0.25
    play: true
    select: 3
    table: step_time
    section: Part
    minutes: 1.5
    until: 2s
    focus: static
  - {title: Two, text: "b {static.R2.held} {static.held / dynamic.held}", at: end}
  - {title: Three, slide: "{cost.decode_step}", loop: [0.5s, 1s]}
"""


_SERVER_LOG = b"""{"input_toks": 9, "output_toks": 5, "arrival_time": 1787267980.08, \
"queued_ts": 27536.66, "scheduled_ts": 27536.66, "first_token_ts": 27537.35, "last_token_ts": 27539}
{"input_toks": 9, "output_toks": 0, "arrival_time": 1787267981, "queued_ts": 27537.7}
"""
_SERVER_CSV = b"""arrival_time,input_tokens,output_tokens,first_token_time,end_time
0,5,5,1.5,2
1e0,5,5,,
"""
_SERVER_BENCH = b"""{"request_throughput": 1, "total_input_tokens": 9, "input_lens": [5, 4],
"output_lens": [3, 0], "start_times": [7.5, 8], "ttfts": [0.5, 0], "itls": [[0.1, 0.2], []],
"errors": ["", "timed out"]}
"""
_SERVER_SETTINGS = b"""{"model": "m", "vllm_version": "0.19.0",
"engine_kwargs": {"max_num_seqs": 128, "data_parallel_size": 1, "max_model_len": null},
"kv_cache": {"num_kv_tokens": 41408, "enable_prefix_caching": true},
"started_at": "2026-08-20T23:19:39.992496Z", "hardware": {"device_name": "d"},
"resolved_config": {"scheduler_config": {"async_scheduling": true, "policy": "fcfs"}}}
"""


def _bench() -> str:
    return json.dumps(traces.VLLM_BENCH)


def _trace_targets() -> dict[str, Target]:
    """Each format of traces, plain and compressed: all is recognised by the content."""
    found = {}
    for name, (text, _) in traces.READ.items():
        plain = text.encode()
        suffix = ".json" if plain.startswith(b"{") else ".csv"
        found[f"trace {name}".replace(",", "").replace(" ", "-")] = Target(
            _trace, suffix, (plain, gzip.compress(plain, mtime=0))
        )
    return found


TARGETS: dict[str, Target] = {
    "workload": Target(_workload, ".yaml", (*_files("workloads"), _LISTED, _TALKS)),
    "profile": Target(_profile, ".yaml", _files("workloads", "profiles")),
    "theme": Target(read_palette, ".yaml", _files("themes")),
    "settings": Target(
        _settings,
        ".txt",
        (
            b"batch_size=8\ndynamic.timeout=300ms",
            b"workload.prefixes=[{tokens: 30, weight: 2}]\nworkload.turns={mean: 2, think_time: 1}",
            b"workload.rate=5\nslo.ttft=1s",
            b"cost=h100-llama-3-8b\ncost.decode_base=7ms\nstatic.pad_to=workload",
        ),
    ),
    "deck": Target(_deck, ".yaml", (_DECK,)),
    "server-log": Target(read_log, ".jsonl", (_SERVER_LOG,)),
    "server-csv": Target(read_log, ".csv", (_SERVER_CSV,)),
    "server-bench": Target(read_log, ".json", (_SERVER_BENCH,)),
    "server-settings": Target(_server, ".json", (_SERVER_SETTINGS,)),
    **_trace_targets(),
    "own-columns": Target(_own_columns, ".txt", (_FLAT, _FLAT.replace(b",", b"\t"), _LINES)),
    "lengths": Target(
        _lengths,
        ".json",
        (
            b"num_prefill_tokens,num_decode_tokens\n3,4\n",
            _bench().encode(),
            traces.PLAIN.encode(),
            traces.SHAREGPT.encode(),
        ),
    ),
    "results": Target(_results, ".json", (2 * _bench().encode(),)),
}
"""The readers by name."""
