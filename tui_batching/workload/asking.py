"""What clients ask for: `max_tokens`, of which engines that reserve memory make their promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from tui_batching.columns import BoolArray, IntArray
from tui_batching.reading.constraints import Constraint
from tui_batching.requests import MAX_TOKENS, Requests

if TYPE_CHECKING:
    from tui_batching.reading.fields import Field

_Word: TypeAlias = Literal["exact", "power_of_two"]
Asking: TypeAlias = int | _Word
"""How many tokens every client asks for: so many, the length of its answer, or the next power of
two. Nobody asks for fewer than it gets: one whose answer is longer asks for the answer's length."""

_WORDS: tuple[_Word, ...] = get_args(_Word)


@dataclass(frozen=True, slots=True)
class AskingRule(Constraint):
    """`exact`, `power_of_two` or a number of tokens."""

    def __call__(self, field: Field) -> Asking:
        """The rule in the field."""
        for word in _WORDS:
            if field.is_word(word):
                return word
        if not field.is_whole():
            raise field.error(self._expected)
        return field.whole(1, MAX_TOKENS)

    def _allows(self, value: object) -> bool:
        return value in _WORDS or (type(value) is int and 1 <= value <= MAX_TOKENS)

    @property
    def _expected(self) -> str:
        return f"a whole number >= 1, or one of {', '.join(_WORDS)}"


def asking(
    requests: Requests, rule: Asking | None, members: BoolArray | Literal[True] = True
) -> Requests:
    """The same requests, asking for what the rule says; without one, for what they ask already.

    Args:
        requests: all of them.
        rule: what is asked for.
        members: who goes by it, one a request; by default all.
    """
    if rule is None:
        return requests
    asked = _asked(requests.output_tokens, rule)
    return requests.with_columns(max_tokens=np.where(members, asked, requests.max_tokens))


def notices(
    requests: Requests, rule: Asking | None, members: BoolArray | Literal[True] = True
) -> tuple[str, ...]:
    """Whose answers are longer than what they were to ask for, in a sentence; see `asking`."""
    if not isinstance(rule, int):
        return ()
    longer = int(((requests.output_tokens > rule) & members).sum())
    if not longer:
        return ()
    told = (
        "1 answer is longer: its request asks"
        if longer == 1
        else (f"{longer:,} answers are longer: their requests ask")
    )
    return (f"max_tokens {rule:,}: {told} for as many tokens as the answer has",)


def _asked(outputs: IntArray, rule: Asking) -> IntArray:
    if rule == "exact":
        return outputs
    if rule == "power_of_two":
        _, digits = np.frexp(outputs - 1)  # the binary digits, exactly: lengths are below 2^53
        return np.minimum(np.left_shift(np.int64(1), digits.astype(np.int64)), MAX_TOKENS)
    return np.maximum(outputs, rule)
