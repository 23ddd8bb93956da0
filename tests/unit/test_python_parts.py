"""Where the time went, and who was slowest, as a colleague asks from Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from measured_logs import write_csv

from tui_batching import InputError, breakdown, compare, load_workload, simulate, slowest
from tui_batching.analysis.slices import SLICES, slice_parts
from tui_batching.analysis.worst import MEASURES
from tui_batching.clock import SECOND

RUN = simulate(load_workload("notebook"), "continuous")


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_is_asked_for_by_its_name(name: str) -> None:
    found = breakdown(RUN, name)
    assert found == slice_parts(RUN, SLICES[name])
    assert sum(found.parts.values()) == pytest.approx(found.whole)


def test_parts_show_themselves_in_a_line_and_as_a_table() -> None:
    every, some = breakdown(RUN), breakdown(RUN, "p99-ttft")
    mean = (RUN.end_time - RUN.requests.arrival_time).mean() / SECOND
    assert repr(every).startswith(f"Breakdown(20 requests, mean {mean:.2f} s: ")
    assert repr(some).startswith(f"SliceParts(1 request, mean {some.whole:.2f} s: ")
    for parts, names in ((every, every.means), (some, some.parts)):
        there = [name for name in names if names[name]]
        assert re.findall(r"(\w+) [0-9.]+ m?s[,)]", repr(parts)) == there
        labels = re.findall(r'left">([^<]+)<', parts._repr_html_())
        assert labels[1:] == [*there, "sum"]


def test_rows_and_instants_are_as_people_write_them() -> None:
    assert breakdown(RUN, [3, 1]).decode.tolist() == breakdown(RUN).decode[[3, 1]].tolist()
    then = breakdown(RUN, until="3s")
    assert then.totals == breakdown(RUN, until=3 * SECOND).totals


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("chat",), "found a value of type str, expected a run such as simulate("),
        ((RUN, "p99-tft"), "found 'p99-tft', expected one of mean, p99-ttft, .*'p99-ttft'"),
        ((RUN, "mean", "3s"), "until: found with a slice, expected with rows of requests"),
        ((RUN, [20]), "rows: found 20, expected whole numbers below 20"),
        ((RUN, [1.5]), "rows: found '[1.5]', expected a list of whole numbers"),
        ((RUN, None, 2.5), "until: found '2.5', expected picoseconds, a text such as '1.5s'"),
        ((RUN, [0], [1, 2]), "until: found '[1, 2]', expected picoseconds"),
        ((RUN, None, "noon"), "found 'noon', expected a duration"),
    ],
)
def test_what_has_no_parts_is_refused(arguments: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence).replace(r"\.\*", ".*")):
        breakdown(*arguments)


def test_of_a_log_only_wholes_are_told(tmp_path: Path) -> None:
    log = compare(load_workload(write_csv(tmp_path / "log.csv", RUN)))["measured"].run
    assert repr(log).startswith("Run(measured, 20 requests in ")
    assert ">R19<" in re.sub(r"[█░ ]", "", log._repr_html_())
    whole = breakdown(log, "mean").whole
    assert repr(breakdown(log, "mean")) == f"SliceParts(20 requests, mean {whole:.2f} s)"
    for ask in (breakdown, slowest):
        with pytest.raises(InputError, match="a log does not tell where the time"):
            ask(log)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.name)
def test_the_slowest_are_asked_for_by_the_name_of_a_measure(measure: Any) -> None:
    found = slowest(RUN, measure.name, 3)
    assert found == slowest(RUN, measure, 3)
    values = [each.value for each in found]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)


def test_a_slow_request_shows_itself_in_a_line() -> None:
    worst = slowest(RUN)[0]
    assert repr(worst).startswith(f"SlowRequest(R{worst.id}: {worst.value:.2f} s; at ")
    assert repr(worst).endswith(f": {worst.why})")


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: slowest("chat"), "found a value of type str, expected a run such as simulate("),
        (lambda: slowest(RUN, "tft"), "measure: found 'tft', expected one of ttft, tpot, e2el"),
        (lambda: slowest(RUN, "ttft", 0), "count: found 0, expected a whole number >= 1"),
    ],
)
def test_who_cannot_be_slowest_is_refused(ask: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        ask()
