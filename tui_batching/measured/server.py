"""Which engine served a log, with which settings: from `meta.json` beside it, or inferred."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tui_batching.clock import MICROSECOND, Picoseconds
from tui_batching.columns import BoolArray
from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.measured.limits import ServerLimits, limits_of
from tui_batching.measured.server_log import ServerLog
from tui_batching.numbers import counted
from tui_batching.printable import printable, quoted
from tui_batching.reading.fields import Field
from tui_batching.reading.files import read_text
from tui_batching.strategies import STRATEGIES, Strategy
from tui_batching.strategies.parameters import BATCH_SIZE, KV_CACHE_TOKENS
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload
from tui_batching.workload.settings import apply_settings
from tui_batching.workload.traces.json_rows import decode_object

META = "meta.json"
"""The name of the file of a server's settings, beside its log."""

_REPLICAS = "data_parallel_size"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """An engine as it was set up.

    Attributes:
        engine: with all settings.
        description: the model, the accelerator and the program, as far as they are told.
        notes: where they come from, a sentence each.
        unlike: what the server did and the simulation does not, a sentence each.
        counting_began: the wall clock at the time zero of `timeseries.csv`, counted from 1970.
    """

    engine: Strategy
    description: str = ""
    notes: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    counting_began: Picoseconds | None = None

    @property
    def kv_cache_tokens(self) -> int | None:
        """The tokens that fit into the KV memory; None where nothing tells that."""
        memory = self.engine.parameter_called(KV_CACHE_TOKENS)
        tokens: int | None = self.engine.value(memory.name) if memory else None
        return tokens


def server_of(
    log: ServerLog,
    beside: Path,
    name: str,
    settings: Sequence[str],
    timed: BoolArray | None = None,
) -> Server:
    """The server that wrote a log.

    Args:
        log: what it measured.
        beside: the file of its settings, `META` in the log's folder, which need not be there.
        name: of the engine.
        settings: each `KEY=VALUE`, of the engine's parameters alone; they go before all else.
        timed: the requests whose times settings may be inferred from; None for all.

    Raises:
        InputError: if there is no such engine, a setting is not as expected, or there were several
            replicas.
    """
    kind = engine_called(name)
    meta, where = _read_meta(beside), str(beside)
    _refuse_replicas(meta, where)
    found = _found_settings(meta, kind, where)
    engine = _with_settings(log, replace(kind(), **found), settings)
    given = {_parameter_set(kind, setting) for setting in settings}
    notes = []
    if found:
        told = ", ".join(f"{key} {_told(engine, key)}" for key in found if key not in given)
        notes.append(f"{META}: {told}")
    limits = limits_of(log, timed)
    inferred = _inferred(limits, engine, given | found.keys())
    for key, (value, reason) in inferred.items():
        engine = engine.with_parameter(key, value)
        notes.append(f"{key} {value:,}: inferred, {reason}")
    most = limits.most_running if timed is None else limits_of(log).most_running
    if most > engine.slots:
        raise InputError(
            f"{log.name}: found {most:,} requests running at once, expected at most "
            f"the {counted(engine.slots, 'slot')} of {engine.name}: "
            "is this the log of several servers?"
        )
    return Server(
        engine=engine,
        description=_described(meta, log),
        notes=tuple(notes),
        unlike=tuple(_unlike(meta, engine, log)),
        counting_began=_counting_began(meta, where),
    )


def engine_called(name: str) -> type[Strategy]:
    """The engine of this name.

    Raises:
        InputError: if there is none called so that serves iteration by iteration.
    """
    known = [each for each, kind in STRATEGIES.items() if kind.about.iteration_level]
    if name not in known:
        expected = f"{one_of(known)}{did_you_mean(name, known)}"
        raise InputError(f"engine: found {quoted(name)}, expected {expected}")
    return STRATEGIES[name]


def _described(meta: Mapping[str, Any], log: ServerLog) -> str:
    """The model, the accelerator and the program, or else the log."""
    words = (
        ("", meta.get("model")),
        (" on ", _section(meta, "hardware").get("device_name")),
        (" with vLLM ", meta.get("vllm_version")),
    )
    told = [f"{before}{printable(word)[:80]}" for before, word in words if isinstance(word, str)]
    return "".join(told).strip() or f"the server of {log.name}"


def _told(engine: Strategy, key: str) -> str:
    parameter = engine.parameter_called(key)
    return parameter.text(engine.value(key)) if parameter else ""


def _with_settings(log: ServerLog, engine: Strategy, settings: Sequence[str]) -> Strategy:
    """The engine with its own parameters changed, and nothing else.

    Raises:
        InputError: if a setting is not one of them.
    """
    workload = Workload(log.name, ListedRequests(log.requests), strategies=(engine,))
    for setting in settings:
        workload = apply_settings(workload, [setting])
        if not _parameter_set(type(engine), setting):
            raise InputError(
                f"--set {quoted(setting)}: found a setting of something else, expected a "
                f"parameter of {engine.name}"
            )
    return workload.strategies[0]


def _parameter_set(kind: type[Strategy], setting: str) -> str:
    """The name of the parameter that a setting changes; empty where it is none of this engine."""
    owner, _, key = setting.partition("=")[0].strip().rpartition(".")
    parameter = kind.parameter_called(key) if owner in ("", kind.about.name) else None
    return parameter.name if parameter else ""


def _read_meta(path: Path) -> Mapping[str, Any]:
    return decode_object(read_text(path), str(path)) if path.exists() else {}


def _section(meta: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A part of the settings; empty where it is not there."""
    for key in keys:
        part = meta.get(key)
        meta = part if isinstance(part, dict) else {}
    return meta


def _found_settings(meta: Mapping[str, Any], kind: type[Strategy], where: str) -> dict[str, Any]:
    """The engine's parameters that a server's settings tell, by name.

    Raises:
        InputError: if one is not as expected.
    """
    told = {
        **_section(meta, "resolved_config", "cache_config"),
        **_section(meta, "resolved_config", "scheduler_config"),
        **_section(meta, "kv_cache"),
        **_section(meta, "engine_kwargs"),
    }
    memory = _section(meta, "kv_cache").get("num_kv_tokens")
    found: dict[str, Any] = {}
    for key, value in (told | {KV_CACHE_TOKENS: memory}).items():
        parameter = kind.parameter_called(key)
        if parameter is not None and value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            found[parameter.name] = parameter.constraint(Field.of_text(text, f"{where}: {key}"))
    return found


def _refuse_replicas(meta: Mapping[str, Any], where: str) -> None:
    for section in (("engine_kwargs",), ("resolved_config", "parallel_config")):
        replicas = _section(meta, *section).get(_REPLICAS)
        if isinstance(replicas, int) and replicas > 1:
            raise InputError(
                f"{where}: {_REPLICAS}: found {replicas}, expected 1: the log does not tell which "
                "of the replicas served a request, and each is an engine of its own"
            )


def _inferred(
    limits: ServerLimits, engine: Strategy, given: set[str]
) -> dict[str, tuple[int, str]]:
    """What filled up while somebody waited, by parameter, with the reason."""
    slots, memory = engine.parameter_called(BATCH_SIZE), engine.parameter_called(KV_CACHE_TOKENS)
    inferred: dict[str, tuple[int, str]] = {}
    if limits.slots and slots and slots.name not in given:
        reason = "the most that ran at once, and about as many whenever somebody waited"
        inferred[slots.name] = limits.slots, reason
    if limits.kv_cache_tokens and memory and memory.name not in given:
        reason = "the tokens held, in the median, while somebody waited"
        inferred[memory.name] = limits.kv_cache_tokens, reason
    return inferred


def _unlike(meta: Mapping[str, Any], engine: Strategy, log: ServerLog) -> list[str]:
    """What a server's settings tell that no engine here does."""
    resolved = _section(meta, "resolved_config")
    told = []
    known = engine.caches_prefixes and log.requests.stream_tokens.any()
    if _section(meta, "kv_cache").get("enable_prefix_caching") and not known:
        told.append(
            "prefix caching was on: nothing tells what requests share (--contents does); "
            "simulated, only who comes back after an eviction finds tokens in the cache"
            if engine.caches_prefixes
            else "prefix caching was on: who shares a prefix, or comes back after an eviction, may "
            "find tokens in the cache; simulated, all are computed"
        )
    if resolved.get("speculative_config"):
        told.append("speculative decoding was on: simulated, a step makes one token")
    if isinstance(version := meta.get("vllm_version"), str):
        told.append(f"the server was vLLM {printable(version)[:20]}; simulated is 0.33.0")
    return told


def _counting_began(meta: Mapping[str, Any], where: str) -> Picoseconds | None:
    """When the server was started, from which on the seconds of its counts go."""
    told = meta.get("started_at")
    if told is None:
        return None
    try:
        began = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}: started_at: found {quoted(str(told))}, expected an instant"
        ) from None
    utc = began if began.tzinfo else began.replace(tzinfo=UTC)
    return (utc - _EPOCH) // timedelta(microseconds=1) * MICROSECOND
