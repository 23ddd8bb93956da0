"""A list of requests as the source of a workload: read, counted, at another rate."""

from __future__ import annotations

import time

import pytest
from workload_texts import ONE, recipe

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.workload import parse_workload
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload


def test_a_list_is_read_in_any_order_with_optional_ids():
    text = """requests:
      - {arrival_time: 50ms, input_tokens: 0, output_tokens: 10}
      - {arrival_time: 0.02, output_tokens: 3, input_tokens: 7, id: 9}
      - {arrival_time: 20ms, input_tokens: 8, output_tokens: 4}
    """
    requests = parse_workload(text, "list.yaml").requests
    assert requests.id.tolist() == [9, 2, 0]
    assert requests.arrival_time.tolist() == [20 * MILLISECOND, 20 * MILLISECOND, 50 * MILLISECOND]
    assert requests.input_tokens.tolist() == [7, 8, 0]
    assert requests.output_tokens.tolist() == [3, 4, 10]


def test_a_long_list_is_read_fast():
    row = "- {{arrival_time: {:.7f}, input_tokens: {}, output_tokens: {}}}\n"
    rows = "".join(row.format(k * 0.18, k % 4000, 1 + k % 900) for k in range(19_366))
    started = time.process_time()
    workload = parse_workload("requests:\n" + rows, "long.yaml")
    assert len(workload.requests) == 19_366
    assert time.process_time() - started < 10  # of computing; 1.3 on a slow core


def listed(*times: str) -> Workload:
    rows = [ONE.replace("arrival_time: 0", f"arrival_time: {time}") for time in times]
    return parse_workload(f"requests: [{', '.join(rows)}]", "list.yaml")


def test_the_rate_counts_gaps():
    assert listed("1s", "2s", "5s").source.rate == 0.5


def test_another_rate_scales_about_the_first_arrival_exactly():
    source = listed("1s", "2s", "5s").source.with_rate(0.3)
    expected = [SECOND, SECOND + 1_666_666_666_667, SECOND + 6_666_666_666_667]
    assert source.make_requests().arrival_time.tolist() == expected


def test_the_same_rate_changes_nothing():
    source = listed("1ps", "2s", "5s").source
    assert source.rate is not None
    same = source.with_rate(source.rate).make_requests().arrival_time
    assert same.tolist() == source.make_requests().arrival_time.tolist()


def test_all_at_once_there_is_no_rate():
    source = listed("1s", "1s").source
    assert source.rate is None
    with pytest.raises(InputError, match="all requests arrive at once"):
        source.with_rate(1)


def test_a_rate_beyond_the_clock_is_refused():
    with pytest.raises(InputError, match="beyond 106 days"):
        listed("1s", "2s").source.with_rate(1e-9)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(rate: float):
    for source in (listed("1s", "2s").source, recipe()):
        with pytest.raises(InputError, match=r"^rate: found .*, expected a finite number > 0"):
            source.with_rate(rate)


def test_count_takes_the_first_to_arrive():
    source = listed("3s", "1s", "2s").source.with_count(2)
    assert source.make_requests().id.tolist() == [1, 2]


@pytest.mark.parametrize("count", [0, 4])
def test_no_more_than_there_are(count: int):
    with pytest.raises(InputError, match=f"found {count}, expected a whole number from 1 to 3"):
        listed("3s", "1s", "2s").source.with_count(count)


def test_a_list_has_no_seed():
    source = listed("1s").source
    assert isinstance(source, ListedRequests)
    assert source.seed is None
    with pytest.raises(InputError, match="a list of requests has no seed"):
        source.with_seed(1)
