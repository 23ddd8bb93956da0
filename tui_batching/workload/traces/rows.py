"""The rows of requests in an open trace, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tui_batching.clock import Picoseconds
from tui_batching.columns import IntArray
from tui_batching.errors import InputError
from tui_batching.streams import Streams
from tui_batching.workload.traces.counts import RowCounts
from tui_batching.workload.traces.documents import BenchmarkResult
from tui_batching.workload.traces.formats import (
    FORMATS,
    PLAIN,
    TraceFormat,
    recognise,
    recognise_lengths,
    refuse_lengths_alone,
)
from tui_batching.workload.traces.json_rows import (
    decode_values,
    described,
    has_rows_in_lines,
    json_texts,
    record_texts,
)
from tui_batching.workload.traces.layouts import (
    ABSENT,
    Column,
    Texts,
    as_found,
    csv_texts,
    delimiter_of,
    parse_column,
    refusal,
)
from tui_batching.workload.traces.options import TraceOptions
from tui_batching.workload.traces.prompts import Prompts
from tui_batching.workload.traces.text import TraceText
from tui_batching.workload.traces.values import (
    Parse,
    Unit,
    as_written,
    counted_tokens,
    dated,
    epoch_unit,
    priorities,
    some_tokens,
    times,
    tokens,
)

_ARRIVAL, _OUTPUT, _ASKED, _PRIORITY, _QUEUE, _SESSION, _DELAY, _CHAINED, _PROMPTS = range(9)
"""Places of the columns that every format has or might have; those of prompts come last."""

_MOST_SESSIONS = 100_000
"""So many different sessions are remembered while none has come twice."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows, all of whose values are as expected.

    Attributes:
        ids: numbers of the rows, from 0.
        times: arrivals in picoseconds on the trace's own clock, which may be any.
        inputs: tokens of the prompts.
        outputs: tokens of the answers, at least one.
        asked: tokens that clients asked for; None where the file does not say.
        priorities: None where the file does not say.
        stream: what each prompt begins with, as the reader's `streams` number it; None where the
            file does not say.
        stream_tokens: tokens of the prompt that are its stream's.
    """

    ids: IntArray
    times: Sequence[Picoseconds]
    inputs: IntArray
    outputs: IntArray
    asked: IntArray | None
    priorities: IntArray | None
    stream: IntArray | None
    stream_tokens: IntArray | None


class TraceReader:
    """Reads an open trace, and tells the counts what it assumes and what it leaves out.

    Args:
        text: the trace.
        options: how it is read.
        counts: are told.
        with_arrivals: whether arrivals are read; without, all are 0.
    """

    def __init__(
        self, text: TraceText, options: TraceOptions, counts: RowCounts, *, with_arrivals: bool
    ) -> None:
        self._text = text
        self._options = options
        self._counts = counts
        self._with_arrivals = with_arrivals
        self._format = known = _format_of(text, options, with_arrivals=with_arrivals)
        self._parse: Parse | None = None  # of times, once their unit is known
        self._sessions: set[str] = set()
        self._prompts = Prompts(known, options.hash_block or known.hash_block, counts)
        counts.failed_because = known.failed
        self._told = [
            *((key, values, False) for key, values in known.where.items()),
            *((key, (value,), True) for key, value in options.where),
        ]
        self._columns = self._make_columns()
        counts.title = (known.title + self._syntax()).strip()

    def _make_columns(self) -> list[Column]:
        known = self._format
        count = counted_tokens(known.uncounted) if known.uncounted else tokens
        return [
            Column.called(known.arrival, as_written, optional=not self._with_arrivals),
            Column.called(known.output, count, gaps=True),
            Column.called(known.max_tokens, some_tokens, optional=True),
            Column.called(known.priority, priorities, optional=True),
            Column.called(known.queue, as_written, optional=True),
            Column.called(known.session, as_written, optional=True),
            Column.called("delay" if known.session else "", as_written, optional=True),
            Column(known.chained, as_written, optional=True, raw=True),
            *self._prompts.columns,
            *(Column(key, as_written, optional=not asked) for key, _, asked in self._told),
        ]

    def _syntax(self) -> str:
        if self._format.results is not None:
            return ""
        if _is_table(self._text):
            head = self._text.head.lstrip().partition("\n")[0]
            return " TSV" if delimiter_of(head) == "\t" else " CSV"
        return " JSON lines" if has_rows_in_lines(self._columns, self._text) else " JSON"

    def rows(self) -> Iterator[Rows]:
        """The rows of requests that were answered; the others are counted.

        Raises:
            InputError: if one is not as expected.
        """
        first = 0
        for texts in self._texts():
            self._refuse_chains(texts)
            ids, some = self._taken(texts)
            outputs = self._outputs(some)
            if 0 in outputs:
                served = [row for row, made in enumerate(outputs) if made]
                self._counts.failed += len(outputs) - len(served)
                ids, outputs = [ids[row] for row in served], [outputs[row] for row in served]
                some = some.part(served)
            if outputs:
                yield self._read(some, np.array(ids, np.int64) + first, outputs)
            self._counts.rows = first = first + len(texts)

    @property
    def streams(self) -> Streams:
        """What the rows that were read begin with."""
        return self._prompts.streams

    def _texts(self) -> Iterator[Texts]:
        known, text = self._format, self._text
        if known.results is not None:
            results = known.results(decode_values(text.document(), text.where), text.where)
            result = self._chosen(results)
            if result.throttle and self._with_arrivals:
                self._counts.throttle = result.throttle
            requests = result.requests(self._with_arrivals)
            yield from record_texts(self._columns, requests, text.where)
            return
        if self._options.result is not None:
            raise InputError(f"{text.where}: result: found one result alone, expected several")
        if _is_table(text):
            yield from csv_texts(self._columns, text)
        else:
            yield from json_texts(self._columns, text, self._look_at_answer)

    def _look_at_answer(self, answer: Mapping[str, Any]) -> None:
        """How many rows there are, of which the answer of an API has a page."""
        total = answer.get("total")
        if type(total) is int:
            self._counts.offered = max(self._counts.offered, total)

    def _chosen(self, results: Sequence[BenchmarkResult]) -> BenchmarkResult:
        number, count = self._options.result, len(results)
        if number is None and count == 1:
            return results[0]
        if number is None or number > count:
            labels = ", ".join(f"{n}: {result.label}" for n, result in enumerate(results[:9], 1))
            raise InputError(
                f"{self._text.where}: found {count} result{'s' * (count > 1)} ({labels}), expected "
                f"result: a number from 1 to {count} (workload.result), to take one"
            )
        return results[number - 1]

    def _refuse_chains(self, texts: Texts) -> None:
        for row, chain in enumerate(texts.columns[_CHAINED] or ()):
            if chain:
                raise refusal(
                    texts.place(row),
                    self._columns[_CHAINED].name,
                    described(chain),
                    "a request alone: the arrivals of further ones hang on the answers before, "
                    "which no trace tells",
                )

    def _taken(self, texts: Texts) -> tuple[Sequence[int], Texts]:
        """The rows that were asked for and did not fail; the others are counted."""
        counts = self._counts
        rows: Sequence[int] = range(len(texts))
        first = len(self._columns) - len(self._told)
        for (_, values, asked), column in zip(self._told, texts.columns[first:], strict=True):
            if column is None:
                continue
            kept = [row for row in rows if column[row] in values or not (asked or column[row])]
            if asked:
                counts.elsewhere += len(rows) - len(kept)
            else:
                counts.failed += len(rows) - len(kept)
            rows = kept
        return rows, texts if len(rows) == len(texts) else texts.part(rows)

    def _outputs(self, texts: Texts) -> list[int]:
        """Tokens of the answers; 0 where there is none."""
        outputs = texts.columns[_OUTPUT]
        assert outputs is not None
        made = parse_column(self._columns[_OUTPUT], outputs, texts.place)
        return [max(0, each) for each in made] if ABSENT in made else made

    def _read(self, texts: Texts, ids: IntArray, outputs: list[int]) -> Rows:
        prompts = Texts(texts.columns[_PROMPTS:], texts.place)
        inputs = self._prompts.lengths(prompts)
        self._look_at_sessions(texts.columns[_SESSION] or ())
        made = np.array(outputs, np.int64)
        asked, urgent = self._values(_ASKED, texts), self._values(_PRIORITY, texts)
        stream, shared = self._prompts.shared(prompts, inputs, made)
        return Rows(
            ids,
            self._times(texts) if self._with_arrivals else [0] * len(outputs),
            inputs,
            made,
            None if asked is None else self._asked_for(np.array(asked, np.int64), made, texts),
            None if urgent is None else np.array(urgent, np.int64),
            stream,
            shared,
        )

    def _values(self, column: int, texts: Texts) -> list[int] | None:
        told = texts.columns[column]
        return None if told is None else parse_column(self._columns[column], told, texts.place)

    def _times(self, texts: Texts) -> Sequence[Picoseconds]:
        arrivals, delays = texts.columns[_ARRIVAL] or (), texts.columns[_DELAY]
        if delays is not None and not all(arrivals):
            row = next(row for row, text in enumerate(arrivals) if not text)
            if delays[row]:
                raise refusal(
                    texts.place(row),
                    self._columns[_ARRIVAL].name,
                    f"nothing but a delay of {as_found(delays[row])}",
                    "a time: this arrival hangs on the answer before, which no trace tells",
                )
        if self._parse is None:
            self._parse = times(self._find_unit(arrivals[0]))
        found = parse_column(
            replace(self._columns[_ARRIVAL], parse=self._parse), arrivals, texts.place
        )
        queue = texts.columns[_QUEUE]
        if queue is None:
            return found
        held = parse_column(replace(self._columns[_QUEUE], parse=self._parse), queue, texts.place)
        return [time - before for time, before in zip(found, held, strict=True)]

    def _asked_for(self, asked: IntArray, made: IntArray, texts: Texts) -> IntArray:
        """What clients asked for; who does not say (0) asks for the length of its answer."""
        asked = np.where(asked == 0, made, asked)
        if (asked < made).any():
            row = int((asked < made).argmax())
            expected = f">= {made[row]}, the tokens of its answer"
            name = self._columns[_ASKED].name
            raise refusal(texts.place(row), name, str(asked[row]), expected)
        return asked

    def _look_at_sessions(self, sessions: Sequence[str]) -> None:
        if self._counts.session or len(self._sessions) > _MOST_SESSIONS:
            return
        told = [text for text in sessions if text]
        before = len(self._sessions)
        self._sessions.update(told)
        if len(self._sessions) < before + len(told):
            self._counts.session = self._columns[_SESSION].name

    def _find_unit(self, first: str) -> Unit:
        """The unit of the times, from the first of them where nobody says it."""
        known, counts = self._format, self._counts
        if dated(first):
            return known.unit
        counts.unit = self._options.unit or known.unit
        if self._options.unit is None and not known.tells_unit:
            looks = epoch_unit(first)
            if looks is not None and looks != known.unit and known.unit in ("s", "ms"):
                counts.unit, counts.epoch = looks, self._columns[_ARRIVAL].name
            counts.unit_assumed = True
        return counts.unit


def _format_of(text: TraceText, options: TraceOptions, *, with_arrivals: bool) -> TraceFormat:
    """The format of the trace, with the columns that were asked for in place of its own."""
    named: Any = options.named
    needed = {"arrival", "input", "output"} if with_arrivals else {"input", "output"}
    if options.format is not None:
        known = FORMATS[options.format]
        if with_arrivals and "arrival" not in named:
            refuse_lengths_alone(text, known)
    elif needed <= named.keys():
        return replace(PLAIN, title="", **named)
    else:
        known = recognise(text) if with_arrivals else recognise_lengths(text)
    return replace(known, **named) if named else known


def _is_table(text: TraceText) -> bool:
    return text.head.lstrip()[:1] not in ("{", "[")
