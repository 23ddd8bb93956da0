"""Places to go to, as they are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stage import scene_of

from tui_batching.analysis.places import Place, read_place
from tui_batching.clock import SECOND, instant_text, parse_duration
from tui_batching.errors import InputError
from tui_batching.workload import ListedRequests, Requests, load_workload

NOTEBOOK, ENGINES = (scene_of(load_workload(name)) for name in ("notebook", "engines"))


@pytest.mark.parametrize(
    ("text", "time"),
    [("2.5s", 25 * SECOND // 10), (" 2500ms ", 25 * SECOND // 10), ("3", 3 * SECOND), ("0", 0)],
)
def test_an_instant(text: str, time: int) -> None:
    assert read_place(text, NOTEBOOK, NOTEBOOK.runs[0]) == Place(time)


def test_the_end_as_the_clock_tells_it_is_the_end() -> None:
    told = instant_text(ENGINES.end, ENGINES.end)
    assert parse_duration(told) > ENGINES.end
    assert read_place(told, ENGINES, ENGINES.runs[0]) == Place(ENGINES.end)


@pytest.mark.parametrize("text", ["R4", "r4", " R 4 "])
def test_a_request_is_looked_at_from_its_arrival_on(text: str) -> None:
    arrival = int(NOTEBOOK.workload.requests.arrival_time[4])
    assert read_place(text, NOTEBOOK, NOTEBOOK.runs[0]) == Place(arrival, 4)


def test_every_id_that_a_workload_may_have_is_found() -> None:
    largest = 2**63 - 1
    ids = [largest, 0, 10**18]
    requests = Requests.from_columns(np.arange(3) * SECOND, [5] * 3, [5] * 3, ids)
    scene = scene_of(replace(NOTEBOOK.workload, source=ListedRequests(requests)))
    for row, number in enumerate(ids):
        assert read_place(f"R{number}", scene, scene.runs[0]) == Place(row * SECOND, row)
    with pytest.raises(InputError, match=f"found no R{10**19 - 1}, .* R0 to R{largest}"):
        read_place(f"R{10**19 - 1}", scene, scene.runs[0])


@pytest.mark.parametrize("text", ["step 30", "Step 30", "#30", "step30"])
def test_a_step_is_numbered_as_its_lane_numbers_it(text: str) -> None:
    for scene in (NOTEBOOK, ENGINES):
        for run in scene.runs:
            moment = run.at(read_place(text, scene, run).time)
            done = moment.iterations if run.strategy.is_engine else moment.iteration
            assert done + 1 == 30
            assert moment.time == moment.phase.step_start


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("R20", "found no R20, expected one of the requests R0 to R19"),
        ("99s", "found 99.000 s, expected an instant up to 10.311 s, the end"),
        ("step 0", "found step 0, expected one from 1 to 317 of static"),
        ("step 999", "found step 999, expected one from 1 to 317 of static"),
        ("", "found '', expected a place such as R17, 12.5s or step 300"),
        ("-3s", "found '-3s', expected a place such as R17, 12.5s or step 300"),
        ("lunch", "found 'lunch', expected a place such as R17, 12.5s or step 300"),
    ],
)
def test_there_is_no_such_place(text: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        read_place(text, NOTEBOOK, NOTEBOOK.runs[0])
    assert str(refused.value) == told
