"""Workload files: what each part of them means."""

from __future__ import annotations

import pytest
import yaml
from workload_texts import CHAT, ONE, recipe

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.reading import nodes
from tui_batching.strategies import DEFAULT_STRATEGIES, Continuous, Dynamic
from tui_batching.workload import parse_workload
from tui_batching.workload.arrivals import Burst, Constant, Gamma, Poisson, Ramp
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.lengths import Exponential, Fixed, Lognormal, Normal, Uniform, Zipf
from tui_batching.workload.service_level import ServiceLevel


def test_every_part_of_a_file_is_read():
    workload = parse_workload(CHAT, "chat.yaml")
    assert workload.name == "chat"
    assert workload.description == "Watch the queue. It grows."
    assert workload.cost == LinearCost(300_000, 20 * MILLISECOND, 2 * MILLISECOND)
    assert workload.strategies == (Continuous(8), Dynamic(4, 250 * MILLISECOND, "arrival"))
    assert workload.slo == ServiceLevel(ttft=2 * SECOND, tpot=40 * MILLISECOND)
    assert isinstance(workload.source, GeneratedRequests)
    assert workload.source.arrivals == Poisson(300.0 * MILLISECOND)
    kind = workload.source.classes[0]
    assert kind.input_tokens == Uniform(20, 199)
    assert kind.output_tokens == Lognormal(mean=120, sigma=0.8, max=1000)
    assert (len(workload.requests), workload.source.seed) == (200, 7)


def test_what_a_file_leaves_out_has_defaults():
    workload = parse_workload(f"requests: [{ONE}]", "folder/mine.yaml")
    assert workload.name == "mine"
    assert workload.description == ""
    assert workload.cost == LinearCost()
    assert workload.strategies == DEFAULT_STRATEGIES
    assert workload.slo is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{poisson: {rate: 4}}", Poisson(0.25 * SECOND)),
        ("{gamma: {mean_gap: 1s, burstiness: 0.5}}", Gamma(float(SECOND), 0.5)),
        ("{poisson: {rate: 4, rescale: true}}", Poisson(0.25 * SECOND, rescale=True)),
        ("{ramp: {start_rate: 1, end_rate: 8}}", Ramp(1.0, 8.0)),
        (
            "{ramp: {start_rate: 1, end_rate: 8, shape: exponential, burstiness: 0.5}}",
            Ramp(1.0, 8.0, "exponential", 0.5),
        ),
        ("{constant: {rate: 1e1}}", Constant(0.1 * SECOND)),
        ("{burst: {size: 20, every: 5s}}", Burst(20, 5 * SECOND)),
        ("{burst: {at: 0.5}}", Burst(at=SECOND // 2)),
        ("{burst: {}}", Burst()),
    ],
)
def test_arrivals_are_read(text: str, expected: object):
    assert recipe(arrivals=text).arrivals == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{uniform: [1, 2]}", Uniform(1, 2)),
        ("{fixed: 50}", Fixed(50)),
        ("{normal: {mean: 5, sd: 2.5, min: 2, max: 9}}", Normal(mean=5, sd=2.5, min=2, max=9)),
        ("{lognormal: {mean: 5, sigma: 1}}", Lognormal(mean=5, sigma=1)),
        ("{exponential: {mean: 5, max: 7}}", Exponential(mean=5, max=7)),
        (
            "{exponential: {mean: 5, max: 7, above_max: redraw}}",
            Exponential(mean=5, max=7, above_max="redraw"),
        ),
        ("{zipf: {exponent: 0.6, max: 7}}", Zipf(exponent=0.6, max=7)),
    ],
)
def test_lengths_are_read(text: str, expected: object):
    assert recipe(output_tokens=text).classes[0].output_tokens == expected


def test_classes_are_read():
    classes = "[{weight: 9, input_tokens: {fixed: 0}, output_tokens: {fixed: 2}}, \
        {input_tokens: {fixed: 3}, output_tokens: {fixed: 4}}]"
    first, second = recipe(classes=classes, input_tokens="", output_tokens="").classes
    assert (first.weight, second.weight) == (9, 1)
    assert (first.input_tokens, second.output_tokens) == (Fixed(0), Fixed(4))


def test_python_reads_as_the_c_parser_does(monkeypatch: pytest.MonkeyPatch):
    fast = parse_workload(CHAT, "chat.yaml")
    monkeypatch.setattr(nodes, "_PARSER", yaml.SafeLoader)
    assert parse_workload(CHAT, "chat.yaml") == fast
    with pytest.raises(InputError, match=r"^w.yaml: found broken YAML"):
        parse_workload('name: "\\UFFFFFFFF"', "w.yaml")
