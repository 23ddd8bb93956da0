"""Numbers as people read them: counts with their nouns, rates and factors, never an exponent."""

from __future__ import annotations

from decimal import Decimal


def counted(count: int, noun: str) -> str:
    """How many there are of something: `1 request`, `19,366 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def significant(value: float, digits: int = 3, *, zeros: bool = False) -> str:
    """A number with its significant digits, all before the point kept: `0.00042`, `1,234`.

    Args:
        value: the number.
        digits: how many are told.
        zeros: whether zeros at the end are told, too, so that numbers of a table are alike.
    """
    if abs(value) >= 10**digits:
        return f"{value:,.0f}"
    rounded = f"{value:#.{digits}g}" if zeros else f"{value:.{digits}g}"
    return f"{Decimal(rounded):,f}".rstrip(".")


def rate_text(rate: float) -> str:
    """How many come a second: `3.33/s`, `1,200/s`."""
    return f"{significant(rate)}/s"


def percent(share: float, decimals: int = 0) -> str:
    """A share as it is read: `12 %`, `12.3 %`."""
    return f"{100 * share:.{decimals}f} %"


def factor_text(times: float) -> str:
    """How many times as much one thing is as another: `1.4`, `23`, `65,536`; `1.0` if as much."""
    return f"{times:.1f}" if times < 9.95 else f"{times:,.0f}"
