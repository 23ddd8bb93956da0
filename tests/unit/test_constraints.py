"""What a workload file refuses, Python refuses, too: both are told the same constraint."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tui_batching.errors import InputError
from tui_batching.workload import GeneratedRequests, parse_workload
from tui_batching.workload.arrivals import Burst, Gamma, Ramp
from tui_batching.workload.generate import RequestClass
from tui_batching.workload.lengths import Fixed, Lognormal, Normal, Zipf
from tui_batching.workload.traces import TraceOptions

ONE = RequestClass(Fixed(1), Fixed(1))
RECIPE = {
    "count": "3",
    "arrivals": "{burst: {}}",
    "input_tokens": "{fixed: 1}",
    "output_tokens": "{fixed: 1}",
}
REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "count: 0": ("count", lambda: GeneratedRequests(0, Burst(), (ONE,))),
    "count: 10000001": ("count", lambda: GeneratedRequests(10_000_001, Burst(), (ONE,))),
    "seed: 4294967296": ("seed", lambda: GeneratedRequests(3, Burst(), (ONE,), 2**32)),
    "draws: x": ("draws", lambda: GeneratedRequests(3, Burst(), (ONE,), 0, "x")),  # type: ignore[arg-type]
    "arrivals: {burst: {size: 0, every: 1s}}": ("size", lambda: Burst(0, 1)),
    "arrivals: {burst: {size: 1, every: 0s}}": ("every", lambda: Burst(1, 0)),
    "arrivals: {gamma: {rate: 1, burstiness: 0}}": ("burstiness", lambda: Gamma(1.0, 0.0)),
    "arrivals: {ramp: {start_rate: 1, end_rate: .inf}}": (
        "end_rate",
        lambda: Ramp(1.0, float("inf")),
    ),
    "input_tokens: {fixed: 2147483648}": ("fixed", lambda: Fixed(2**31)),
    "input_tokens: {normal: {mean: 0, sd: 1}}": ("mean", lambda: Normal(mean=0, sd=1)),
    "input_tokens: {lognormal: {mean: 5, sigma: 10.5}}": (
        "sigma",
        lambda: Lognormal(mean=5, sigma=10.5),
    ),
    "input_tokens: {zipf: {exponent: 1, min: 0}}": ("min", lambda: Zipf(exponent=1, min=0)),
}
OPTIONS: dict[str, Callable[[], object]] = {
    "limit: 0": lambda: TraceOptions(limit=0),
    "start: -1s": lambda: TraceOptions(start=-1),
    "duration: 0s": lambda: TraceOptions(duration=0),
    "speed: 0": lambda: TraceOptions(speed=0.0),
    "max_output: 0": lambda: TraceOptions(max_output=0),
    "over: x": lambda: TraceOptions(over="x"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_in_a_recipe_is_refused_in_python(line: str):
    key, make = REFUSED[line]
    first = line.partition(": ")
    recipe = RECIPE | {first[0]: first[2]}
    inner = ", ".join(f"{name}: {value}" for name, value in recipe.items())
    with pytest.raises(InputError, match=rf"^w.yaml:1: requests.generate[a-z._]*\.{key}: found "):
        parse_workload(f"requests: {{generate: {{{inner}}}}}", "w.yaml")
    with pytest.raises(InputError, match=r"found .*, expected "):
        make()


@pytest.mark.parametrize("line", OPTIONS)
def test_what_is_refused_of_a_trace_is_refused_in_python(line: str):
    with pytest.raises(InputError, match=f"^w.yaml:1: requests.{line.partition(':')[0]}: found "):
        parse_workload(f"requests: {{trace: t.csv, {line}}}", "w.yaml")
    with pytest.raises(InputError, match=f"^{line.partition(':')[0]}: found .*, expected "):
        OPTIONS[line]()
