"""The Gantt chart, read row by row."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from stage import MS, crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.chart import ChartRequest, GanttRows, Viewport
from tui_batching.charts.gantt import Gantt, gantt_chart
from tui_batching.clock import SECOND, Picoseconds, format_duration
from tui_batching.sim.spans import SpanKind
from tui_batching.strategies import Continuous, Static
from tui_batching.workload import load_workload

BUBBLE = scene_of(hand_made((0, 20, 20), (40, 40, 5), (60, 0, 10)))
"""R1 shares a static batch with the longer R0."""
CROWD = scene_of(crowd(400, 8, gap=11))
NOTEBOOK = scene_of(load_workload("notebook"))
WIDE, TALL = (400, 30), (120, 70)
"""Sizes at which all requests of the notebook are seen at once, side by side and stacked."""


def gantt(
    scene: Scene,
    time: Picoseconds = 0,
    size: tuple[int, int] = (120, 32),
    look: Viewport | None = None,
    rows: GanttRows = "requests",
) -> Gantt:
    request = ChartRequest(scene, time, *size, palette())
    return Gantt(request, replace(look or Viewport(), rows=rows))


def lines(drawn: Gantt) -> list[str]:
    return [line.rstrip() for line in texts(drawn.draw())]


def bars(drawn: Gantt, panel: str) -> dict[str, str]:
    """The bars of a panel by request, of panels that stand one above the other."""
    rows = iter(lines(drawn))
    next(row for row in rows if panel in row)
    found = {}
    for row in rows:
        if re.search("batch|╵", row):
            break
        name, _, bar = row.partition(" ")
        if name:
            found[name] = bar
    return found


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_legend_has_no_number_that_reads_as_a_result(width: int) -> None:
    told = lines(gantt(NOTEBOOK, NOTEBOOK.end, (width, 70)))[0].partition("one cell")[0]
    assert not re.search(r"\d", told)
    assert ("number = tokens made" in told) == (width > 80)


def test_a_row_tells_arrival_wait_prefill_run_stall_bubble_and_tokens() -> None:
    # 600 ms in 60 cells: static runs from 40 ms, prefills 40 ms, and decodes at 12 ms.
    whole = gantt(BUBBLE, 0, (70, 17))
    assert BUBBLE.end / 62 <= whole.window.cell <= BUBBLE.end / 62 * 8 / 7  # for even ticks
    static, continuous = bars(whole, "STATIC"), bars(whole, "CONTINUOUS")
    assert re.fullmatch(r"(┃|├)─*░+‖*█+ 20", static["R0"])
    assert re.fullmatch(r"┃? +├?░+█+▒{4,}held for R0▒{4,} 5", static["R1"])
    assert re.fullmatch(r"┃? +├─+█+ 10", static["R2"])
    assert re.fullmatch(r"┃░*█+‖+█+ 20", continuous["R0"])
    assert re.fullmatch(r"┃ +(├─)?░+█+ 5", continuous["R1"])


@pytest.mark.parametrize("width", [100, 120, 200])
def test_who_has_no_prompt_makes_nothing_while_those_of_others_are_read(width: int) -> None:
    rows = [(0, 0, 9), (50, 50, 10), (100, 500, 40), (100, 5, 4)]
    scene = scene_of(hand_made(*rows, strategies=[Static(4), Continuous(1)]))
    static = bars(gantt(scene, scene.end, (width, 17)), "STATIC")
    assert re.match("├─+‖+█+▒", static["R0"]), static["R0"]
    assert "░█" in static["R2"]
    # Alone it makes its first token at once.
    assert bars(gantt(scene, scene.end, (width, 17)), "CONTINUOUS")["R0"].startswith("█")


def test_the_lengths_are_those_of_the_run() -> None:
    whole = gantt(BUBBLE, BUBBLE.end, (120, 17))
    cell, run = whole.window.cell, BUBBLE.runs[0]
    bar = bars(whole, "STATIC")["R1"].replace("held for R0", "▒" * 11)
    for glyphs, length in (
        ("█", run.finish_time[1] - run.start_time[1] - 40 * MS),
        ("▒", run.end_time[1] - run.finish_time[1]),
        ("░", 40 * MS),
    ):
        assert bar.count(glyphs) == pytest.approx(length / cell, abs=1.01), glyphs


def test_the_same_request_stands_on_the_same_line_in_panels_side_by_side() -> None:
    rows = [line for line in lines(gantt(NOTEBOOK, 0, WIDE)) if line.startswith("R")]
    assert len(rows) == 20
    for number, row in enumerate(rows):
        assert re.findall(r"(?<!for )\bR\d+\b", row) == [f"R{number}"] * 3


@pytest.mark.parametrize(
    ("scene", "size", "stacked"),
    [
        (BUBBLE, (160, 17), True),
        (BUBBLE, (160, 13), False),
        (BUBBLE, (70, 13), True),
        (BUBBLE, (80, 13), False),
        (NOTEBOOK, (158, 41), True),
        (NOTEBOOK, (78, 20), True),
        (NOTEBOOK, (98, 14), False),
        (NOTEBOOK, (400, 30), False),
    ],
)
def test_panels_are_stacked_if_all_fits_so_or_if_it_is_narrow(
    scene: Scene, size: tuple[int, int], stacked: bool
) -> None:
    drawn = lines(gantt(scene, 0, size))
    assert len(drawn) == size[1]
    headings = [row for row in drawn if re.search("STATIC|DYNAMIC|CONTINUOUS", row)]
    assert len(headings) == (3 if stacked else 1)
    assert sum("s" in row.split() for row in drawn if "╵" in row) == 1  # one axis


@pytest.mark.parametrize("size", [(1, 1), (9, 3), (40, 8), (78, 20), (158, 41), (300, 90)])
@pytest.mark.parametrize("scene", [BUBBLE, CROWD])
def test_every_size_is_filled_exactly(size: tuple[int, int], scene: Scene) -> None:
    drawn = gantt(scene, scene.end // 2, size).draw()
    assert [sum(len(part.text) for part in row) for row in drawn] == [size[0]] * size[1]


def test_the_playhead_crosses_every_row_at_the_same_time() -> None:
    drawn = lines(gantt(NOTEBOOK, 3400 * MS))
    rows = [row for row in drawn if row.startswith("R")]
    places = {tuple(place for place, sign in enumerate(row) if sign == "┃") for row in rows}
    assert len(places) == 1
    assert len(places.pop()) == 1
    axis = next(row for row in drawn if "╵" in row)
    assert [place for place, sign in enumerate(axis) if sign == "┃"] == [
        place for place, sign in enumerate(rows[0]) if sign == "┃"
    ]


def test_the_picture_of_a_whole_run_has_no_playhead() -> None:
    drawn = texts(gantt_chart(ChartRequest(NOTEBOOK, NOTEBOOK.end, 100, 26, palette())))
    assert "┃" not in "".join(drawn)
    assert drawn[2].startswith("    0 ")
    at = texts(gantt_chart(ChartRequest(NOTEBOOK, NOTEBOOK.end // 2, 100, 26, palette())))
    assert "┃" in at[-1]
    assert not any("m requests" in rows[0] for rows in (drawn, at)), "nobody can press it"


def test_a_label_keeps_clear_of_the_playhead() -> None:
    for time in range(0, NOTEBOOK.end, 97 * MS):
        for line in lines(gantt(NOTEBOOK, time)):
            if line.startswith("R"):
                number = int(line[1:3])
                tokens = int(NOTEBOOK.workload.requests.output_tokens[number])
                labels = re.findall(r"(?<!\w)\d+", line.replace("┃", " "))
                assert set(labels) <= {str(tokens)}
                assert not re.search(r"\d┃\d", line)


def test_each_zoom_shows_half_the_time_around_the_playhead_down_to_single_steps() -> None:
    time, cells = NOTEBOOK.end // 2, []
    for zoom in range(-3, 12):
        window = gantt(NOTEBOOK, time, TALL, Viewport(zoom=zoom)).window
        cells.append(window.cell)
        assert window.edges[0] <= time < window.edges[-1]
        assert window.cursor is not None
    assert len(set(cells[:4])) == 1  # no more than all of it
    assert cells[4] == pytest.approx(cells[3] / 2, rel=1e-6)
    assert cells[-1] == cells[-2] == 20 * MS // 16


def test_stalls_are_seen_at_a_close_look() -> None:
    run = NOTEBOOK.runs[2]
    prefills = np.flatnonzero((run.spans.kind == SpanKind.PREFILL) & (run.spans.start > 10**12))
    middle = int(run.spans.start[prefills[0]] + run.spans.end[prefills[0]]) // 2
    close = gantt(NOTEBOOK, middle, look=Viewport(zoom=6))
    rows = [line for line in lines(close) if line.startswith("R")]
    beside = {line[rows[0].rindex("┃") + 1 :][:1] for line in rows}
    assert "‖" in beside
    assert "░" in beside


@pytest.mark.parametrize("scene", [CROWD, NOTEBOOK, scene_of(crowd(60, 32))])
@pytest.mark.parametrize("size", [(118, 40), (158, 60)])
def test_the_rows_follow_the_playhead(scene: Scene, size: tuple[int, int]) -> None:
    for time in range(0, scene.end, scene.end // 37):
        drawn = gantt(scene, time, size)
        for run, top in zip(scene.runs, drawn.tops, strict=True):
            moment = run.at(time)
            running = moment.occupants[moment.occupants >= 0]
            if len(running) and np.ptp(running) < drawn.page:
                assert all(top <= row < top + drawn.page for row in running)


def test_the_window_stands_still_for_a_quarter_of_its_length() -> None:
    zoomed = Viewport(zoom=3)
    starts = [
        gantt(NOTEBOOK, time, look=zoomed).window.edges[0]
        for time in range(0, NOTEBOOK.end, 20 * MS)
    ]
    window = gantt(NOTEBOOK, 0, look=zoomed).window
    turns = np.diff(np.unique(starts)) // window.cell
    assert set(turns[:-1].tolist()) == {window.cells // 4}  # the last one goes to the end


def test_hidden_rows_are_counted_and_rows_can_be_chosen() -> None:
    chosen = gantt(CROWD, 0, (118, 32), Viewport(top=100))
    assert chosen.tops == (100, 100, 100)
    assert chosen.page == 9
    assert sum("↑100 ↓291" in line for line in lines(chosen)) == 3
    assert gantt(CROWD, 0, (118, 32), Viewport(top=10**6)).tops == (391,) * 3


def test_a_request_that_is_not_to_be_seen_now_is_pointed_at() -> None:
    look = Viewport(zoom=5, top=0)
    for time, sign, those in ((9000 * MS, "◃", slice(5)), (0, "▹", slice(-5, None))):
        rows = [line for line in lines(gantt(NOTEBOOK, time, WIDE, look)) if line.startswith("R")]
        assert all(line.count(sign) == 3 for line in rows[those])


def test_revealing_scrolls_to_the_request_in_rows_and_in_time() -> None:
    far = gantt(CROWD, 0, (118, 32))
    look = far.revealing(350)
    seen = gantt(CROWD, 0, (118, 32), look)
    assert all(top <= 350 < top + seen.page for top in seen.tops)
    arrival = int(CROWD.workload.requests.arrival_time[350])
    assert seen.window.edges[0] <= arrival < seen.window.edges[-1]
    assert seen.revealing(350) == look
    assert far.revealing(3) == far.viewport


def test_a_view_that_does_not_follow_says_how_to_go_back() -> None:
    assert "row = request" in lines(gantt(NOTEBOOK))[0]
    keys = {"zoom-in": "z", "zoom-out": "Z", "quantity": "m"}
    for look in (Viewport(top=3), Viewport(since=0, shift=2)):
        chart = gantt(NOTEBOOK, look=look)
        seen = replace(chart, request=replace(chart.request, keys=keys))
        assert lines(seen)[0].startswith("z Z: to the playhead")


def test_headings_tell_what_each_lane_has_come_to() -> None:
    drawn = lines(gantt(NOTEBOOK, 6400 * MS))
    told = [row.partition("so far: ")[2] for row in drawn if "so far" in row]
    expected = []
    for so_far in NOTEBOOK.so_far:
        shares = so_far.shares(6400 * MS)
        wasted = f"held {100 * shares.held:.0f} % · stalled {100 * shares.stalled:.0f} %"
        done = so_far.run.at(6400 * MS).done
        expected.append(f"{done} answered · {wasted} of slot-time · ↑8 ↓3")
    assert told == expected
    assert told[0].startswith("8 answered · held 24 % · stalled 4 %")
    over = lines(gantt(BUBBLE, BUBBLE.end, (100, 17)))
    assert sum("all answered at " in row for row in over) == 3


def test_headings_tell_the_metrics_asked_for_once_all_are_answered() -> None:
    metrics = ("mean_ttft", "p99_itl", "avg_latency")
    told = []
    for time in (NOTEBOOK.end // 2, NOTEBOOK.end):
        request = ChartRequest(NOTEBOOK, time, *TALL, palette(), metrics=metrics)
        told.append(lines(Gantt(request, Viewport(rows="requests"))))
    for lane, result in enumerate(NOTEBOOK.comparison.results):
        mean, gap, latency = (
            format_duration(round(result.metrics[name] * SECOND)) for name in metrics
        )
        wanted = f" mean TTFT {mean} · p99 ITL {gap} · mean latency {latency}"
        assert wanted not in "\n".join(told[0]), lane
        assert wanted in "\n".join(told[1]), lane
    narrow = ChartRequest(NOTEBOOK, NOTEBOOK.end, 60, 70, palette(), metrics=metrics)
    heads = [row for row in lines(Gantt(narrow, Viewport(rows="requests"))) if "TTFT" in row]
    assert len(heads) == 3  # as many as fit, the first ones first
    assert "latency" not in "".join(heads)


def test_a_lane_that_is_through_keeps_its_shares() -> None:
    so_far, share = NOTEBOOK.so_far[2], NOTEBOOK.comparison.results[2].utilization
    for time in (so_far.run.finished, NOTEBOOK.end):
        told = so_far.shares(time)
        assert (told.held, told.stalled) == pytest.approx((share.held, share.stalled))


def test_the_selected_request_is_marked_in_every_panel() -> None:
    drawn = gantt(NOTEBOOK, look=Viewport(selected=7)).draw()
    reversed_names = [
        part.text for row in drawn for part in row if part.style and part.style.reverse
    ]
    assert reversed_names == ["R7"] * 3


def test_every_cell_of_a_row_can_be_clicked() -> None:
    row = gantt(NOTEBOOK).draw()[2 + 5]
    rows = {part.style.meta.get("request_row") for part in row if part.style and part.text.strip()}
    assert rows == {5}


def test_one_request_and_one_lane() -> None:
    scene = scene_of(hand_made((0, 0, 1), strategies=[Continuous(1)]))
    assert bars(gantt(scene, scene.end, (40, 8)), "CONTINUOUS") == {"R0": "█" * 31 + " 1"}


def test_names_are_the_requests_own_numbers() -> None:
    listed = hand_made((0, 5, 3), (5, 5, 3), strategies=[Static(2)])
    requests = replace(listed.requests, id=np.array([41, 7]))
    source = replace(listed.source, requests=requests)
    scene = scene_of(replace(listed, source=source))
    assert list(bars(gantt(scene, 0, (60, 9)), "STATIC")) == ["R41", "R7"]


@pytest.mark.parametrize("zoom", [0, 2])
@pytest.mark.parametrize("width", [72, 113, 157])
def test_ticks_are_evenly_apart(width: int, zoom: int) -> None:
    for rows in ("requests", "slots"):
        for scene in (NOTEBOOK, BUBBLE, CROWD):
            drawn = gantt(scene, scene.end, (width, 30), Viewport(zoom=zoom, since=0), rows)
            axis = lines(drawn)[-1] if "╵" in lines(drawn)[-1] else lines(drawn)[-2]
            places = [cell for cell, sign in enumerate(axis) if sign == "╵"]
            assert len(np.unique(np.diff(places))) <= 1, axis
