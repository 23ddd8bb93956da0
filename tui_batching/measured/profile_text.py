"""A fitted cost as the text of a profile, which `cost:` takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from tui_batching.clock import Picoseconds, exact_decimal
from tui_batching.columns import BoolArray
from tui_batching.measured.accuracy import TimeError, step_errors
from tui_batching.measured.composition import Composition
from tui_batching.measured.fit import Fit
from tui_batching.measured.server import Server
from tui_batching.numbers import counted
from tui_batching.sim.run import Run

_UNITS = {"base": ("ms", 9), "per_token": ("us", 6)}
_FINE = ("ns", 3)
"""What a price is told in, and its decimals."""


def profile_text(fit: Fit, server: Server, errors: Sequence[TimeError]) -> str:
    """YAML, with where the cost holds, its errors and how it came about.

    Args:
        fit: what was found.
        server: whose times they are.
        errors: of the requests that were not fitted, or of all where there are none.
    """
    return "".join(f"{line}\n" for line in _lines(fit, server, errors))


def _lines(fit: Fit, server: Server, errors: Sequence[TimeError]) -> Iterator[str]:
    count, fitted = len(fit.log), int(fit.fitted.sum())
    source = (
        f"fitted by tui-batching calibrate to {fit.log.name}, to the times of {fitted:,} of "
        f"{counted(count, 'request')}, as served by {server.engine.name}"
    )
    yield f"description: {json.dumps(server.description, ensure_ascii=False)}"
    yield f"source: {json.dumps(source, ensure_ascii=False)}"
    for name, (least, most) in ranges_seen(fit.run, fit.fitted).items():
        yield f"{name}: [{least}, {most}]"
    shares = zip(("mean_error", "max_error"), step_errors(fit.log, fit.run), strict=True)
    yield from (f"{name}: {share:.4f}" for name, share in shares if round(share, 4))
    if errors:
        of = "all requests" if fitted == count else "the requests that were not fitted"
        yield f"# Errors of {of}:"
    for error in errors:
        yield f"#   {error.measure} {error.statistic} {error.error:+.1%}"
    yield "cost:"
    yield "  iteration:"
    cost = fit.cost
    for name in ("base", "per_token", "per_context_token", "per_token_squared"):
        price: Picoseconds = getattr(cost, name)
        if price or name == "base":
            yield f"    {name}: {_price(name, price)}"
    if cost.per_token_up_to:
        told = ", ".join(f"{knot}: {_price('', price)}" for knot, price in cost.per_token_up_to)
        yield f"    per_token_up_to: {{{told}}}"
    if server.kv_cache_tokens:
        yield f"    kv_cache_tokens: {server.kv_cache_tokens}"


def _price(name: str, price: Picoseconds) -> str:
    unit, decimals = _UNITS.get(name, _FINE)
    return f"{exact_decimal(price, decimals)}{unit}"


def ranges_seen(run: Run, fitted: BoolArray) -> dict[str, tuple[int, int]]:
    """What iterations were like while the fitted requests were served, by limits of a profile."""
    composition, requests = Composition.of(run), run.requests
    until = int(run.finish_time[fitted].max())
    here = (composition.iterations > 0) & (run.spans.start < until)
    decoding = composition.decoding[here & (composition.decoding > 0)]
    tokens = composition.tokens[here]
    longest = (requests.input_tokens + requests.output_tokens)[fitted]
    ends = {
        "batch": decoding,
        "context": np.append(requests.input_tokens[fitted], longest),
        "tokens": tokens,
    }
    return {name: (int(seen.min()), int(seen.max())) for name, seen in ends.items() if len(seen)}
