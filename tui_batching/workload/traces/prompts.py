"""The prompts of a trace: how long they are, and what they begin with."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from tui_batching.columns import BoolArray, IntArray
from tui_batching.streams import Streams
from tui_batching.workload.traces.counts import RowCounts
from tui_batching.workload.traces.formats import TraceFormat
from tui_batching.workload.traces.json_rows import described
from tui_batching.workload.traces.layouts import (
    ABSENT,
    Column,
    Texts,
    as_found,
    parse_column,
    refusal,
)
from tui_batching.workload.traces.sharing import Sharing
from tui_batching.workload.traces.values import as_written, counted_tokens, tokens

_INPUT, _GROUP, _GROUP_TOKENS, _COUNTED, _HASHES, _ANSWER_HASHES = range(6)
"""Places of the columns."""


class Prompts:
    """Reads the prompts of rows.

    Args:
        known: the format of the trace.
        hash_block: tokens that a hash stands for.
        counts: are told of hashes, and of those that do not fit.

    Attributes:
        columns: what is read of a row.
    """

    def __init__(self, known: TraceFormat, hash_block: int, counts: RowCounts) -> None:
        count = counted_tokens(known.uncounted) if known.uncounted else tokens
        self.columns = [
            Column.called(known.input, count, gaps=True),
            Column.called(known.group, as_written, optional=True),
            Column.called(known.group_tokens, tokens, optional=True),
            Column.called(known.counted, tokens, optional=True),
            Column(known.hashes, as_written, optional=True, raw=True),
            Column(known.answer_hashes, as_written, optional=True, raw=True),
        ]
        self._beside = known.group_beside
        self._block = hash_block
        self._counts = counts
        self._sharing = Sharing()

    @property
    def streams(self) -> Streams:
        """What the rows that were read begin with."""
        return self._sharing.streams(self._block)

    def lengths(self, texts: Texts) -> IntArray:
        """Tokens of the prompts, with what their groups begin with.

        Raises:
            InputError: at the first value that is not as expected.
        """
        told = self._values(_INPUT, texts) or []
        if ABSENT in told:
            place = texts.place(told.index(ABSENT))
            raise refusal(place, self.columns[_INPUT].name, "nothing", "a whole number >= 0")
        inputs, groups = np.array(told, np.int64), texts.columns[_GROUP]
        if (counted := self._values(_COUNTED, texts)) is not None:
            measured = np.array(counted, np.int64)
            inputs = np.where((measured > 0) & ~_in_group(groups, inputs), measured, inputs)
        begun = self._values(_GROUP_TOKENS, texts) if self._beside else None
        return inputs if begun is None else inputs + np.where(_in_group(groups, inputs), begun, 0)

    def shared(
        self, texts: Texts, inputs: IntArray, made: IntArray
    ) -> tuple[IntArray | None, IntArray | None]:
        """The streams that requests begin with, and how many of their tokens those are.

        Args:
            texts: the rows.
            inputs: tokens of their prompts.
            made: tokens of their answers.

        Returns:
            None twice where the file does not say.

        Raises:
            InputError: at the first value that is not as expected.
        """
        groups, begun = texts.columns[_GROUP], self._values(_GROUP_TOKENS, texts)
        if groups is not None and begun is not None:
            tokens_of_it = np.where(_in_group(groups, inputs), begun, 0)
            self._refuse_beyond(inputs + made, tokens_of_it, texts)
            rows = [self._sharing.hashes([group] if group else []) for group in groups]
        elif (told := texts.columns[_HASHES]) is not None:
            rows = [self._hashes(value, row, texts) for row, value in enumerate(told)]
            blocks = np.fromiter(map(len, rows), np.int64, len(rows))
            misfits = (blocks > 0) & (blocks != -(-inputs // self._block))
            self._counts.misfits += int(misfits.sum())
            self._counts.hash_block = self._block
            tokens_of_it = np.minimum(blocks * self._block, inputs)
            tokens_of_it += self._answered(rows, blocks * self._block == inputs, texts)
        else:
            return None, None
        streams = np.fromiter(map(self._sharing.stream_of, rows), np.int64, len(rows))
        return streams, tokens_of_it

    def _answered(self, rows: list[array[int]], whole: BoolArray, texts: Texts) -> IntArray:
        """Let the hashes of whole prompts go on with those of answers; how many that adds."""
        added = np.zeros(len(rows), np.int64)
        for row, value in enumerate(texts.columns[_ANSWER_HASHES] or ()):
            if value and whole[row]:
                answer = self._hashes(value, row, texts, _ANSWER_HASHES)
                rows[row] = rows[row] + answer
                added[row] = len(answer)
        return added

    def _refuse_beyond(self, most: IntArray, shared: IntArray, texts: Texts) -> None:
        if (shared > most).any():
            row = int((shared > most).argmax())
            expected = f"at most {most[row]}, the tokens of its prompt and its answer"
            name = self.columns[_GROUP_TOKENS].name
            raise refusal(texts.place(row), name, str(shared[row]), expected)

    def _hashes(self, value: object, row: int, texts: Texts, column: int = _HASHES) -> array[int]:
        try:
            return self._sharing.hashes(value or [])
        except ValueError as error:
            found = as_found(value) if isinstance(value, str) else described(value)
            name = self.columns[column].name
            raise refusal(texts.place(row), name, found, str(error)) from None

    def _values(self, column: int, texts: Texts) -> list[int] | None:
        told = texts.columns[column]
        return None if told is None else parse_column(self.columns[column], told, texts.place)


def _in_group(groups: Sequence[str] | None, inputs: IntArray) -> BoolArray:
    """Which rows name a group."""
    return np.array([text != "" for text in groups or [""] * len(inputs)], np.bool_)
