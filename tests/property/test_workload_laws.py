"""Laws of workloads: reading is total, and drawing is the same every time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from contents import shared_tokens
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_batching.clock import HORIZON
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.workload import Workload, apply_settings, bundled_workloads, parse_workload
from tui_batching.workload.arrivals import Arrivals, Burst, Constant, Gamma, Poisson
from tui_batching.workload.contents import Prefix, Turns
from tui_batching.workload.generate import GeneratedRequests, RequestClass
from tui_batching.workload.lengths import (
    Exponential,
    Fixed,
    Lengths,
    Lognormal,
    Normal,
    Uniform,
    Zipf,
)
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.settings import setting_keys

FILES = [Path(path).read_text(encoding="utf-8") for path in bundled_workloads().values()]
PIECES = [
    *"[]{}:,-?&*!|>'\"%@`#\n\t 0.",
    ": ",
    "- ",
    "\n  ",
    "---\n",
    "...",
    "<<",
    "null",
    "true",
    ".nan",
    "-1",
    "1e999",
    "9" * 30,
    "!!int",
    "\x1b",
    "\ud800",
    "generate",
    "poisson: {rate: 1}",
    "burst: {}",
    "zipf: {exponent: 1}",
]

gaps = st.floats(1e3, 1e13)
limits = st.tuples(st.integers(1, 500), st.integers(500, 5000))
arrivals: st.SearchStrategy[Arrivals] = st.one_of(
    st.builds(Poisson, gaps),
    st.builds(Gamma, gaps, st.floats(0.05, 20)),
    st.builds(Constant, gaps),
    st.builds(Burst, st.integers(1, 9), st.integers(1, 10**13), st.integers(0, 10**13)),
)
lengths: st.SearchStrategy[Lengths] = st.one_of(
    limits.map(lambda ends: Uniform(*ends)),
    st.integers(1, 999).map(Fixed),
    limits.map(lambda ends: Normal(mean=300, sd=200, min=ends[0], max=ends[1])),
    limits.map(lambda ends: Lognormal(mean=300, sigma=1, min=ends[0], max=ends[1])),
    limits.map(lambda ends: Exponential(mean=300, min=ends[0], max=ends[1])),
    limits.map(lambda ends: Zipf(exponent=1.2, min=ends[0], max=ends[1])),
)
classes = st.lists(
    st.builds(RequestClass, lengths, lengths, st.floats(0.1, 10)), min_size=1, max_size=3
)
recipes = st.builds(
    GeneratedRequests,
    st.integers(1, 60),
    arrivals,
    classes.map(tuple),
    st.integers(0, 2**32 - 1),
)
prefixes = st.lists(
    st.builds(Prefix, st.integers(0, 900), st.floats(0.1, 10), st.integers(1, 4)), max_size=3
)
turns = st.builds(Turns, st.floats(1, 9), st.integers(0, 10**14))
talks = st.builds(replace, recipes, prefixes=prefixes.map(tuple), turns=st.one_of(st.none(), turns))
"""Recipes whose prompts begin alike."""


def read(text: str) -> Workload | None:
    """The workload, None where it is refused; every other outcome fails the test."""
    try:
        workload = parse_workload(text, "w.yaml")
    except InputError as error:
        message = str(error)
        assert message.startswith("w.yaml:")
        assert message.isprintable()
        assert len(message) < 500
        return None
    return workload


def columns(requests: Requests) -> list[list[int]]:
    return [
        requests.arrival_time.tolist(),
        requests.input_tokens.tolist(),
        requests.output_tokens.tolist(),
    ]


@given(st.text())
def test_any_text_is_a_workload_or_refused(text: str):
    read(text)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_yaml_like_text_is_a_workload_or_refused(text: str):
    read(text)


@settings(max_examples=200)
@given(st.data())
def test_any_mutated_workload_is_a_workload_or_refused(data: st.DataObject):
    text = data.draw(st.sampled_from(FILES))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[stop:]
    workload = read(text)
    if workload is not None:
        workload.source.with_count(1).make_requests()


@given(
    st.sampled_from(setting_keys()), st.text() | st.sampled_from(["5", "20ms", "1e-300", ".inf"])
)
def test_any_setting_is_applied_or_refused(key: str, value: str):
    workload = parse_workload(FILES[0], "w.yaml")
    try:
        apply_settings(workload, [f"{key}={value}"])
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 - both outcomes are right


@given(recipes)
def test_the_same_recipe_gives_the_same_requests_in_order(source: GeneratedRequests):
    first = columns(source.make_requests())
    assert columns(source.with_seed(source.seed).make_requests()) == first
    assert first[0] == sorted(first[0])
    assert min(first[2]) >= 1


@given(recipes, st.integers(1, 60))
def test_another_count_keeps_the_requests_that_both_have(source: GeneratedRequests, count: int):
    both = min(count, source.count)
    before = columns(source.make_requests())
    after = columns(source.with_count(count).make_requests())
    assert [column[:both] for column in after] == [column[:both] for column in before]


@given(recipes, st.floats(0.01, 1000))
def test_another_rate_keeps_the_lengths(source: GeneratedRequests, rate: float):
    before, after = source.make_requests(), source.with_rate(rate).make_requests()
    assert columns(after)[1:] == columns(before)[1:]


def by_id(requests: Requests) -> list[tuple[int, ...]]:
    """All that is known of each request, in the order of the ids."""
    names = ("id", "arrival_time", "input_tokens", "output_tokens", "stream_tokens")
    told = zip(*(getattr(requests, name).tolist() for name in names), strict=True)
    return sorted(told)


@given(talks, st.integers(1, 60), st.floats(0.01, 1000))
def test_what_prompts_begin_with_hangs_on_nothing_else(
    source: GeneratedRequests, count: int, rate: float
):
    requests = source.make_requests()
    assert (
        by_id(source.with_count(count).make_requests())[: source.count] == by_id(requests)[:count]
    )
    moved = by_id(source.with_rate(rate).make_requests())
    assert [row[2:] for row in moved] == [row[2:] for row in by_id(requests)]
    plain = by_id(replace(source, prefixes=(), turns=None).make_requests())
    assert [row[3] for row in plain] == [row[3] for row in by_id(requests)]
    for short, (_, _, inputs, outputs, shared) in zip(plain, by_id(requests), strict=True):
        assert inputs >= short[2]
        assert shared == inputs + outputs if source.turns else shared <= inputs


@given(talks)
def test_two_turns_have_all_in_common_that_was_said_before(source: GeneratedRequests):
    requests = source.make_requests()
    rows = np.argsort(requests.id)
    for before, after in pairwise(rows.tolist()):
        if source.turns and requests.stream[before] == requests.stream[after]:
            said = int(requests.input_tokens[before] + requests.output_tokens[before])
            assert shared_tokens(requests, before, after) == said
            assert requests.input_tokens[after] >= said
            assert requests.arrival_time[after] >= requests.arrival_time[before]


@given(
    st.lists(st.integers(0, 10**15), min_size=2, max_size=30),
    st.floats(0.01, 1000),
)
def test_a_scaled_list_keeps_its_order_and_has_the_rate(times: list[int], rate: float):
    ones = np.ones(len(times), dtype=np.int64)
    listed = ListedRequests(Requests.from_columns(times, ones, ones))
    if listed.rate is None:
        return
    scaled = listed.with_rate(rate)
    requests = scaled.make_requests()
    assert requests.id.tolist() == listed.requests.id.tolist()
    assert requests.arrival_time[0] == listed.requests.arrival_time[0]
    length = (len(times) - 1) / rate * 1e12
    assert (
        abs(int(requests.arrival_time[-1] - requests.arrival_time[0]) - length) <= 1 + length / 1e9
    )
    assert requests.arrival_time[-1] <= HORIZON
