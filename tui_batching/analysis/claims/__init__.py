"""What is said of the strategies, each sentence checked against the Runs at hand.

A claim that does not hold on a workload says so, and why. What is said of a strategy is named in
its lesson.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_batching.analysis.claims import engines, textbook
from tui_batching.analysis.claims.claim import CLEARLY, Claim
from tui_batching.analysis.comparison import Comparison, Result

CHECKS: dict[str, Callable[[Comparison, Result], Claim | None]] = {
    check.__name__: check for check in (*textbook.CHECKS, *engines.CHECKS)
}
"""The claims that lessons name; each says it of one result, or nothing where it does not apply."""


def claims(comparison: Comparison) -> tuple[Claim, ...]:
    """All claims about the strategies on stage, in the order of the story.

    What is said of a strategy is named in its lesson; see `CHECKS`.
    """
    comparison = comparison.simulated
    told = sorted(comparison, key=lambda result: not result.strategy.about.iteration_level)
    found = (
        CHECKS[name](comparison, result)
        for result in told
        for name in result.strategy.about.lesson.claims
    )
    return tuple(claim for claim in found if claim)


def claim_called(name: str, comparison: Comparison) -> Claim | None:
    """The claim of this name about the first strategy of which it is said, if there is one."""
    comparison = comparison.simulated
    for result in comparison:
        if name in result.strategy.about.lesson.claims:
            return CHECKS[name](comparison, result)
    return None


__all__ = ["CHECKS", "CLEARLY", "Claim", "claim_called", "claims"]
