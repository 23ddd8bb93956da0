"""Requests as columns: sorted, frozen, and refused where they make no sense."""

from __future__ import annotations

import numpy as np
import pytest

from tui_batching.errors import InputError
from tui_batching.requests import MAX_TOKENS, Requests
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import Workload


def test_ties_keep_their_given_order():
    requests = Requests.from_columns([5, 3, 5, 3], [1, 2, 3, 4], [1, 1, 1, 1])
    assert requests.id.tolist() == [1, 3, 0, 2]
    assert requests.input_tokens.tolist() == [2, 4, 1, 3]


def test_columns_cannot_be_changed():
    requests = Requests.from_columns([1], [1], [1])
    with pytest.raises(ValueError, match="read-only"):
        requests.arrival_time[0] = 5


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (([0.5], [1], [1]), "arrival_time: found float64 values, expected whole numbers"),
        (([1], [True], [1]), "input_tokens: found bool values, expected whole numbers"),
        (([1], [1], ["1"]), "output_tokens: found <U1 values, expected whole numbers"),
        (([1, 2], [1], [1]), "the columns of the requests differ in length"),
        (([1, -2], [1, 1], [1, 1]), "request 1: arrival_time: found -2, expected >= 0"),
        (([1, 2], [1, -1], [1, 1]), "request 1: input_tokens: found -1, expected >= 0"),
        (([1, 2], [1, 1], [0, 1]), "request 0: output_tokens: found 0, expected >= 1"),
        (
            ([1], [MAX_TOKENS + 1], [1]),
            "request 0: input_tokens: found 2147483648, expected <= 2147483647",
        ),
        (
            ([1, 2, 3], [1] * 3, [1] * 3, [4, 5, 4]),
            "id: found 4 more than once, expected each id once",
        ),
    ],
)
def test_wrong_columns_are_refused(columns: tuple[list[int], ...], sentence: str):
    with pytest.raises(InputError) as error:
        Requests.from_columns(*columns)
    assert str(error.value) == sentence


def test_no_requests_are_no_list():
    with pytest.raises(InputError, match="found an empty list of requests"):
        ListedRequests(Requests.from_columns([], [], []))


def test_a_strategy_is_found_by_its_name():
    source = ListedRequests(Requests.from_columns(np.array([0]), [1], [1]))
    assert Workload("w", source).strategy("dynamic").name == "dynamic"
    with pytest.raises(InputError, match=r"^magic: expected one of static, dynamic, continuous$"):
        Workload("w", source).strategy("magic")
