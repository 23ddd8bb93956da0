"""Reading the `generate:` part of a workload file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

from tui_batching.clock import SECOND
from tui_batching.requests import MAX_TOKENS
from tui_batching.workload import lengths
from tui_batching.workload.arrivals import Arrivals, Burst, Constant, Gamma, Poisson, Ramp
from tui_batching.workload.fields import Field, Reader
from tui_batching.workload.generate import (
    MAX_COUNT,
    MAX_SEED,
    Draws,
    GeneratedRequests,
    RequestClass,
)
from tui_batching.workload.lengths import Lengths

_LENGTH_KEYS = ("input_tokens", "output_tokens")

_tokens = partial(Field.whole, most=MAX_TOKENS)
_positive = partial(Field.decimal, above=0)
_mean = partial(Field.decimal, above=0, most=MAX_TOKENS)
_LIMITS: dict[str, Reader] = {"min": _tokens, "max": _tokens}


def read_recipe(field: Field) -> GeneratedRequests:
    """Read `generate:`.

    Raises:
        InputError: if a key is missing, unknown or twice, or a value is not as expected.
    """
    record = field.mapping(("count", "seed", "arrivals", *_LENGTH_KEYS, "classes", "draws", "skip"))
    if "classes" in record.fields:
        for key in _LENGTH_KEYS:
            if key in record.fields:
                raise record[key].error(
                    "either classes or input_tokens and output_tokens", f"{key} beside classes"
                )
        classes = tuple(_class(entry) for entry in record["classes"].items())
    else:
        inputs, outputs = (read_lengths(record[key]) for key in _LENGTH_KEYS)
        with record.placing_errors():
            classes = (RequestClass(inputs, outputs),)
    count = record["count"].whole(least=1, most=MAX_COUNT)
    seed = record.read("seed", partial(Field.whole, most=MAX_SEED), 0)
    arrivals = _read_arrivals(record["arrivals"])
    draws: Any = record.read("draws", lambda value: value.choice(*get_args(Draws)), "streams")
    skip = record.read("skip", partial(Field.whole, most=MAX_COUNT), 0)
    with record.placing_errors():
        return GeneratedRequests(count, arrivals, classes, seed, draws, skip)


def _class(field: Field) -> RequestClass:
    readers: dict[str, Reader] = dict.fromkeys(_LENGTH_KEYS, read_lengths)
    return field.build(RequestClass, {"weight": _positive, **readers})


def _read_arrivals(field: Field) -> Arrivals:
    chosen = field.only_key(_ARRIVALS)
    return _ARRIVALS[chosen.key](chosen)


def _yes_or_no(field: Field) -> bool:
    return field.choice("true", "false") == "true"


def _spaced(
    make: Callable[..., Arrivals],
    readers: dict[str, Reader],
    optional: dict[str, Reader],
    field: Field,
) -> Arrivals:
    """Read a process that has a `mean_gap`, or else a `rate`, beside its other parameters."""
    record = field.mapping(("rate", "mean_gap", *readers, *optional))
    if ("rate" in record.fields) == ("mean_gap" in record.fields):
        both = "rate" in record.fields
        raise field.error(
            "either rate or mean_gap", "both rate and mean_gap" if both else "neither"
        )
    if "rate" in record.fields:
        mean_gap = SECOND / _positive(record["rate"])
    else:
        mean_gap = record["mean_gap"].duration(longer_than_zero=True)
    values = {key: reader(record[key]) for key, reader in readers.items()}
    values |= {key: reader(record[key]) for key, reader in optional.items() if key in record.fields}
    with record.placing_errors():
        return make(mean_gap=float(mean_gap), **values)


_BURST: dict[str, Reader] = {
    "size": partial(Field.whole, least=1),
    "every": partial(Field.duration, longer_than_zero=True),
    "at": Field.duration,
}
_RAMP: dict[str, Reader] = {
    "start_rate": _positive,
    "end_rate": _positive,
    "shape": lambda field: field.choice("linear", "exponential"),
    "burstiness": _positive,
}
_ARRIVALS: dict[str, Callable[[Field], Arrivals]] = {
    "poisson": partial(_spaced, Poisson, {}, {"rescale": _yes_or_no}),
    "gamma": partial(_spaced, Gamma, {"burstiness": _positive}, {"rescale": _yes_or_no}),
    "constant": partial(_spaced, Constant, {}, {}),
    "ramp": lambda field: field.build(Ramp, _RAMP),
    "burst": lambda field: field.build(Burst, _BURST),
}


def read_lengths(field: Field) -> Lengths:
    """Read a distribution of lengths, such as `{uniform: [20, 199]}`.

    Raises:
        InputError: if it is none, or its parameters are not as expected.
    """
    chosen = field.only_key(_LENGTHS)
    return _LENGTHS[chosen.key](chosen)


def _uniform(field: Field) -> Lengths:
    if not field.is_list:
        raise field.error("[low, high]")
    ends = field.items()
    if len(ends) != 2:
        raise field.error("[low, high]", f"a list of {len(ends)}")
    low, high = (_tokens(end) for end in ends)
    with field.placing_errors():
        return lengths.Uniform(low, high)


def _fixed(field: Field) -> Lengths:
    return lengths.Fixed(_tokens(field))


def _limited(make: Callable[..., Lengths], **readers: Reader) -> Callable[[Field], Lengths]:
    return lambda field: field.build(make, readers | _LIMITS)


def _above_max(field: Field) -> str:
    return field.choice("cut", "redraw")


_LENGTHS: dict[str, Callable[[Field], Lengths]] = {
    "uniform": _uniform,
    "fixed": _fixed,
    "normal": _limited(lengths.Normal, mean=_mean, sd=_mean, above_max=_above_max),
    "lognormal": _limited(
        lengths.Lognormal,
        mean=_mean,
        sigma=partial(Field.decimal, above=0, most=lengths.MOST_SIGMA),
        above_max=_above_max,
    ),
    "exponential": _limited(lengths.Exponential, mean=_mean, above_max=_above_max),
    "zipf": _limited(
        lengths.Zipf, exponent=partial(Field.decimal, above=0, most=lengths.MOST_EXPONENT)
    ),
}
