"""Generated requests: the same bytes for ever, and the distributions that were asked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracle import oracle

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.requests import Requests
from tui_batching.workload.arrivals import Arrivals, Burst, Constant, Gamma, Poisson, Ramp
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

POISSON = Poisson(300.0 * MILLISECOND)
SHORT = Uniform(10, 79)

ARRIVALS: dict[str, Arrivals] = {
    "poisson": POISSON,
    "gamma": Gamma(300.0 * MILLISECOND, 0.5),
    "constant": Constant(300.0 * MILLISECOND),
    "burst": Burst(20, 5 * SECOND),
    "at once": Burst(),
    "rescaled": Gamma(300.0 * MILLISECOND, 0.5, rescale=True),
    "ramp": Ramp(1.0, 10.0, burstiness=0.5),
}
LENGTHS: dict[str, Lengths] = {
    "uniform": Uniform(20, 199),
    "fixed": Fixed(50),
    "normal": Normal(mean=100, sd=40, min=20, max=180),
    "lognormal": Lognormal(mean=120, sigma=0.8, max=1000),
    "exponential": Exponential(mean=80),
    "zipf": Zipf(exponent=1.1, min=5, max=900),
}
MIX = (RequestClass(SHORT, SHORT, 9), RequestClass(Fixed(300), Uniform(300, 500), 1))


def recipe(
    arrivals: Arrivals = POISSON, lengths: Lengths = SHORT, count: int = 1000, seed: int = 7
) -> GeneratedRequests:
    return GeneratedRequests(count, arrivals, (RequestClass(lengths, lengths),), seed)


def digest(requests: Requests) -> str:
    columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
    return hashlib.sha256(b"".join(c.astype("<i8").tobytes() for c in columns)).hexdigest()[:16]


FROZEN = {
    "poisson": "15cc412176db860e",
    "gamma": "277cac7145508ffa",
    "constant": "11eb5b492c9c92b4",
    "burst": "ec1978dbe9e4fb27",
    "at once": "7266fb9c510330f4",
    "uniform": "4bc2435a89e5eb47",
    "fixed": "85978f60e941dbe6",
    "normal": "3447f6383ee81daa",
    "lognormal": "08950b0392cd47c5",
    "exponential": "e08953961a8d101d",
    "zipf": "f1b4a1fd8f079d34",
    "classes": "530023a3ad28c16a",
}


@pytest.mark.parametrize(("name", "expected"), FROZEN.items())
def test_the_bytes_never_change(name: str, expected: str):
    kind = {
        **{key: recipe(arrivals=value) for key, value in ARRIVALS.items()},
        **{key: recipe(lengths=value) for key, value in LENGTHS.items()},
        "classes": GeneratedRequests(1000, POISSON, MIX, 7),
    }[name]
    assert digest(kind.make_requests()) == expected


def test_notebook_draws_are_those_of_the_oracle():
    classes = (RequestClass(Uniform(20, 199), Uniform(10, 79)),)
    requests = GeneratedRequests(20, POISSON, classes, 42, "notebook").make_requests()
    expected = oracle()["part_1_main"]["requests"]
    assert [
        (time // MILLISECOND, inputs, outputs)
        for time, inputs, outputs in zip(
            requests.arrival_time.tolist(),
            requests.input_tokens.tolist(),
            requests.output_tokens.tolist(),
            strict=True,
        )
    ] == [(r["arrival_ms"], r["input_tokens"], r["output_tokens"]) for r in expected]


@pytest.mark.parametrize("skip", [0, 1, 17])
def test_what_is_skipped_of_the_notebook_s_stream_is_drawn_and_thrown_away(skip: int):
    classes = (RequestClass(Uniform(20, 199), Uniform(10, 79)),)
    whole = GeneratedRequests(30, POISSON, classes, 42, "notebook").make_requests()
    rest = GeneratedRequests(30 - skip, POISSON, classes, 42, "notebook", skip).make_requests()
    assert rest.input_tokens.tolist() == whole.input_tokens[skip:].tolist()
    assert rest.output_tokens.tolist() == whole.output_tokens[skip:].tolist()
    gaps = [np.diff(each.arrival_time) / MILLISECOND for each in (rest, whole)]
    assert np.abs(gaps[0] - gaps[1][skip:]).max() <= 1  # each arrival is rounded to 1 ms


def test_loads_go_on_with_the_stream_where_asked_for_and_share_the_draws_elsewhere():
    classes = (RequestClass(Uniform(20, 199), Uniform(10, 79)),)
    loads = GeneratedRequests(30, POISSON, classes, 42, "notebook-loads", 20)
    assert loads.at_load(5.0, 3) == replace(loads.with_rate(5.0), skip=20 + 3 * 30)
    for other in (recipe(), replace(loads, draws="notebook")):
        assert other.at_load(5.0, 3) == other.with_rate(5.0)


@pytest.mark.parametrize("skip", [-1, 10**9])
def test_only_so_many_requests_can_be_skipped(skip: int):
    classes = (RequestClass(SHORT, SHORT),)
    with pytest.raises(InputError, match=f"^skip: found {skip}, expected a whole number from 0 to"):
        GeneratedRequests(20, POISSON, classes, 42, "notebook", skip)


def test_notebook_draws_take_only_poisson_and_uniform():
    with pytest.raises(InputError, match=r"^draws: found notebook with other distributions"):
        GeneratedRequests(20, Constant(1e9), (RequestClass(SHORT, SHORT),), 42, "notebook")


@pytest.mark.parametrize("name", ["poisson", "gamma", "constant", "burst", "rescaled", "ramp"])
def test_another_rate_keeps_the_lengths_and_scales_the_arrivals(name: str):
    slow = recipe(arrivals=ARRIVALS[name])
    assert slow.rate is not None
    fast = slow.with_rate(slow.rate * 4)
    before, after = slow.make_requests(), fast.make_requests()
    assert after.input_tokens.tolist() == before.input_tokens.tolist()
    assert after.output_tokens.tolist() == before.output_tokens.tolist()
    # Both are rounded to a microsecond.
    assert np.abs(after.arrival_time * 4 - before.arrival_time).max() <= 2.5e6
    assert fast.rate == pytest.approx(slow.rate * 4)


def test_requests_at_once_have_no_rate():
    source = recipe(arrivals=Burst(at=2 * SECOND))
    assert source.rate is None
    assert set(source.make_requests().arrival_time.tolist()) == {2 * SECOND}
    with pytest.raises(InputError, match="all requests arrive at once"):
        source.with_rate(5)


def test_bursts_come_at_their_times():
    times = recipe(arrivals=Burst(3, 5 * SECOND, SECOND), count=8).make_requests().arrival_time
    assert (times // SECOND).tolist() == [1, 1, 1, 6, 6, 6, 11, 11]


def test_constant_arrivals_start_after_one_gap():
    times = recipe(arrivals=Constant(0.3 * SECOND), count=4).make_requests().arrival_time
    assert (times // MILLISECOND).tolist() == [300, 600, 900, 1200]


@pytest.mark.parametrize(
    ("arrivals", "variation"), [(POISSON, 1), (Gamma(3e11, 0.25), 2), (Gamma(3e11, 4), 0.5)]
)
def test_gaps_have_the_mean_and_burstiness_asked_for(arrivals: Arrivals, variation: float):
    gaps = np.diff(recipe(arrivals=arrivals, count=200_000).make_requests().arrival_time)
    assert gaps.mean() == pytest.approx(0.3 * SECOND, rel=0.02)
    assert gaps.std() / gaps.mean() == pytest.approx(variation, rel=0.02)


@pytest.mark.parametrize("arrivals", [Poisson(3e11, rescale=True), Gamma(3e11, 0.2, rescale=True)])
@pytest.mark.parametrize("seed", [1, 2])
def test_rescaled_gaps_take_exactly_as_long_as_the_rate_says(arrivals: Arrivals, seed: int):
    times = recipe(arrivals=arrivals, count=100, seed=seed).make_requests().arrival_time
    assert int(times[-1]) == 30 * SECOND


@pytest.mark.parametrize(
    ("ramp", "rates"),
    [
        (Ramp(1.0, 9.0, burstiness=1e9), [1, 3, 5, 7, 9]),
        (Ramp(1.0, 16.0, "exponential", 1e9), [1, 2, 4, 8, 16]),
        (Ramp(8.0, 4.0, burstiness=1e9), [8, 7, 6, 5, 4]),
    ],
)
def test_a_ramp_changes_the_rate_request_by_request(ramp: Ramp, rates: list[float]):
    times = recipe(arrivals=ramp, count=5).make_requests().arrival_time
    assert np.diff(times, prepend=0) == pytest.approx([SECOND / rate for rate in rates], rel=1e-3)


@pytest.mark.parametrize("shape", ["linear", "exponential"])
@pytest.mark.parametrize("ends", [(1.0, 10.0), (10.0, 1.0), (3.0, 3.0)])
def test_the_rate_of_a_ramp_is_that_of_many_requests(shape: Any, ends: tuple[float, float]):
    source = recipe(arrivals=Ramp(*ends, shape, 1e9), count=100_000)
    times = source.make_requests().arrival_time
    assert source.rate == pytest.approx(len(times) * SECOND / int(times[-1]), rel=1e-3)


def test_arrivals_are_whole_microseconds():
    assert not (recipe().make_requests().arrival_time % 10**6).any()


def test_a_uniform_distribution_reaches_both_ends():
    drawn = recipe(lengths=Uniform(20, 22)).make_requests().input_tokens
    assert np.unique(drawn).tolist() == [20, 21, 22]


@pytest.mark.parametrize(
    ("lengths", "mean"),
    [
        (Normal(mean=100, sd=10), 100),
        (Lognormal(mean=120, sigma=0.8), 120),
        (Exponential(mean=80), 80),
        (Zipf(exponent=2, min=1, max=3), (1 + 2 / 4 + 3 / 9) / (1 + 1 / 4 + 1 / 9)),
        (Zipf(exponent=100, min=500), 500),
    ],
)
def test_lengths_have_the_mean_asked_for(lengths: Lengths, mean: float):
    drawn = recipe(lengths=lengths, count=200_000).make_requests().output_tokens
    assert drawn.mean() == pytest.approx(mean, rel=0.01)


def test_lengths_are_cut_to_their_limits():
    drawn = recipe(lengths=Normal(mean=100, sd=1000, min=90, max=110)).make_requests()
    assert np.unique(drawn.output_tokens)[[0, -1]].tolist() == [90, 110]


def test_lengths_above_the_longest_are_drawn_again():
    """What is left of an exponential distribution, without a pile of its longest at the limit."""
    lengths = Exponential(mean=128, max=32, above_max="redraw")
    drawn = recipe(lengths=lengths, count=50_000).make_requests().output_tokens
    assert np.unique(drawn).tolist() == list(range(1, 33))
    assert (drawn == 32).mean() == pytest.approx(np.mean(drawn == 31), rel=0.15)
    few = recipe(lengths=lengths, count=70).make_requests().output_tokens
    assert few.tolist() == drawn[:70].tolist()


def test_classes_are_mixed_by_their_weights():
    requests = GeneratedRequests(100_000, POISSON, MIX).make_requests()
    long = requests.output_tokens >= 300
    assert long.mean() == pytest.approx(0.1, rel=0.05)
    # A request is of one class as a whole.
    assert (requests.input_tokens[long] == 300).all()
    assert (requests.input_tokens[~long] <= 79).all()


def test_requests_are_drawn_once():
    source = recipe()
    assert source.make_requests() is source.make_requests()


@pytest.mark.parametrize(
    "make",
    [
        lambda: recipe(count=0),
        lambda: recipe(count=10**9),
        lambda: recipe(seed=-1),
        lambda: recipe(seed=2**32),
        lambda: GeneratedRequests(1, POISSON, ()),
        lambda: recipe(lengths=Fixed(0)),
        lambda: RequestClass(SHORT, SHORT, 0),
        lambda: Fixed(-1),
        lambda: Uniform(5, 4),
        lambda: Normal(mean=1, sd=1, min=9, max=8),
        lambda: Normal(mean=float("nan"), sd=1),
        lambda: Normal(mean=1, sd=-1),
        lambda: Lognormal(mean=0, sigma=1),
        lambda: Lognormal(mean=1, sigma=11),
        lambda: Exponential(mean=float("inf")),
        lambda: recipe(lengths=Exponential(mean=10**6, max=1, above_max="redraw")).make_requests(),
        lambda: Zipf(exponent=0),
        lambda: Zipf(exponent=1, max=10**7),
        lambda: Zipf(exponent=1, min=0),
        lambda: Poisson(0),
        lambda: Gamma(1, 0),
        lambda: Ramp(0, 1),
        lambda: Ramp(1, float("inf")),
        lambda: Ramp(1, 2, burstiness=0),
        lambda: Burst(size=3),
        lambda: Burst(0, 1),
        lambda: Burst(1, 0),
        lambda: Burst(at=-1),
        lambda: recipe(arrivals=Poisson(1e19)).make_requests(),
        lambda: recipe(arrivals=Burst(1, 2**62)).make_requests(),
        lambda: GeneratedRequests(
            5, Poisson(1e20), (RequestClass(SHORT, SHORT),), 1, "notebook"
        ).make_requests(),
    ],
)
def test_values_out_of_range_are_refused(make):
    with pytest.raises(InputError):
        make()
