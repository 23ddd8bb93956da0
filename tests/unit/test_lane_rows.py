"""Drawing a lane: its exact size whatever it shows, and what a reader finds in it."""

from __future__ import annotations

import re
from itertools import cycle, pairwise

import numpy as np
import pytest
from stage import MS, crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.panels import strategy_titles
from tui_batching.sim.life import State
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.tui.lane_rows import lane_rows
from tui_batching.tui.lane_view import STATE_GLYPHS, lane_view, slot_views
from tui_batching.workload import ListedRequests, Requests, Workload, load_workload

DARK = palette()
NOTEBOOK = scene_of(load_workload("notebook"))
SIZES = (1, 4, 8, 16, 64, 300)
STATIC, DYNAMIC, CONTINUOUS = range(3)


def rows(
    scene: Scene, lane: int, time: int, width: int = 49, height: int = 21, select: int | None = None
) -> list[str]:
    """What a lane says at an instant, without any style."""
    return texts(lane_rows(lane_view(scene, lane, time, select), width, height, DARK))


def instants(scene: Scene, count: int) -> list[int]:
    """Time zero, the end, beyond the end, and instants in between."""
    return [*np.linspace(0, scene.end, count).astype(np.int64).tolist(), scene.end + 1]


def one(line: str, among: list[str]) -> str:
    """The only row that matches."""
    found = [row for row in among if re.search(line, row)]
    assert len(found) == 1, (line, among)
    return found[0]


def scene_ms(*requests: tuple[int, int, int], strategy: Static | Dynamic | Continuous) -> Scene:
    return scene_of(hand_made(*requests, strategies=[strategy]))


@pytest.mark.parametrize("batch_size", SIZES)
def test_every_size_is_filled_exactly(batch_size: int) -> None:
    # Three thousand at once: at first nearly all of them are in the queue.
    queue = scene_of(crowd(3000 if batch_size > 1 else 400, batch_size))
    trickle = scene_of(crowd(2 * batch_size + 3, batch_size, gap=9))
    moments = cycle([(of, at) for of in (queue, trickle) for at in instants(of, 7)])
    lanes = cycle((STATIC, DYNAMIC, CONTINUOUS))
    # Each size is drawn with two of the six batch sizes, to save time.
    some = SIZES.index(batch_size) % 3
    sizes = [(w, h) for w in range(1, 61) for h in range(1, 31) if (w + h) % 3 == some]
    for (width, height), (scene, time) in zip(sizes, moments, strict=False):
        strips = lane_rows(lane_view(scene, next(lanes), time, width % 3), width, height, DARK)
        widths = {sum(segment.cell_length for segment in strip) for strip in strips}
        assert (len(strips), widths) == (height, {width}), (width, height, time)


def test_no_room_at_all_is_no_rows() -> None:
    assert rows(NOTEBOOK, STATIC, 0, width=0) == rows(NOTEBOOK, STATIC, 0, height=0) == []


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize(("width", "height"), [(24, 12), (24, 20), (38, 14), (51, 18)])
def test_phase_and_figures_are_seen_at_every_real_size(
    batch_size: int, width: int, height: int
) -> None:
    scene = scene_of(crowd(3 * batch_size, batch_size, gap=2))
    for lane in range(3):
        for time in instants(scene, 12):
            shown = rows(scene, lane, time, width, height)
            assert re.match("IDLE|FORMING|PREFILL|DECODE|DONE", shown[0])
            assert re.search(f"done {scene.runs[lane].at(time).done}/{3 * batch_size}", shown[-2])
            assert re.search(r"queue \d", "\n".join(shown))


def test_a_held_slot_is_a_bubble_that_tells_how_long_it_has_been_held() -> None:
    # Prefill until 5, steps of 12 ms: R0 is done at 17, the batch at 125.
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    for width, said in ((49, "held 50ms"), (24, "50ms")):
        row = one("R0", rows(scene, 0, 67 * MS, width))
        assert row.startswith("0 R0  ▒ █")
        assert row.rstrip().endswith(said)
        assert row.count("▒") > 2
    before = one("R0", rows(scene, 0, 10 * MS))
    assert "▒" not in before


def test_ages_are_told_on_every_scale_of_time() -> None:
    scene = scene_ms((0, 1, 1), (0, 1, 10), (3, 1, 1), strategy=Static(2))
    for ms, held, waited in ((16, "3.0ms", "10ms"), (63, "50ms", "60ms"), (119, "100ms", "100ms")):
        shown = rows(scene, 0, ms * MS)
        assert one("R0", shown).rstrip().endswith(f"held {held}")
        assert one("R2", shown).rstrip().endswith(waited)


def test_a_bubble_grows_until_the_batch_ends() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    sizes = [one("R0", rows(scene, 0, ms * MS)).count("▒") for ms in range(17, 125, 6)]
    assert all(later >= earlier for earlier, later in pairwise(sizes))
    longest = one("R1", rows(scene, 0, 124 * MS)).count("█")
    assert sizes[-1] + 1 >= longest - 1
    assert "R0" not in "".join(rows(scene, 0, 125 * MS))


def test_a_forming_batch_tells_how_many_joined_and_when_it_fires() -> None:
    scene = scene_ms((0, 5, 2), (30, 5, 2), (500, 5, 2), strategy=Dynamic(4, 100 * MS))
    shown = rows(scene, 0, 40 * MS)
    assert shown[0].rstrip() == "FORMING 2/4 · fires in 60.0 ms"
    assert one("R0", shown).rstrip() == "0 R0  + joined, waits 40ms"
    assert one("R1", shown).rstrip() == "1 R1  + joined, waits 10ms"
    assert sum("free" in row for row in shown) == 2
    assert rows(scene, 0, 40 * MS, width=24)[0].rstrip() == "FORMING 2/4 · 60.0ms"


def test_a_static_batch_that_forms_waits_for_more_and_for_nothing_else() -> None:
    scene = scene_ms((0, 5, 2), (30, 5, 2), (500, 5, 2), strategy=Static(3))
    assert rows(scene, 0, 40 * MS)[0].rstrip() == "FORMING 2/3 · waits for 1 more"


def test_a_prefill_tells_whose_it_is_and_how_long_it_takes() -> None:
    requests = ((0, 9, 9), (4, 30, 2))
    alone = rows(scene_ms(*requests, strategy=Continuous(2)), 0, 22 * MS)
    assert alone[0].startswith("PREFILL R1 · 30ms")
    assert one("^0 R0", alone)[6] == STATE_GLYPHS[State.STALLED]
    assert re.search(r"» ░+·+ +prefill", one("^1 R1", alone))
    batch = rows(scene_ms(*requests, strategy=Static(2)), 0, 20 * MS)
    assert batch[0].startswith("PREFILL R0–R1 · 30ms")


def test_a_decode_step_tells_its_number_its_cost_and_for_how_many_it_is_billed() -> None:
    shown = rows(scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2)), 0, 30 * MS)
    assert shown[0].rstrip() == "DECODE 3/10 · 12ms · billed 2"
    assert one("^1 R1", shown).rstrip().endswith("2/10")


def test_a_padded_lane_says_so_and_draws_bars_to_the_longest_of_all() -> None:
    scene = scene_ms((0, 5, 5), (0, 5, 2), (0, 5, 20), strategy=Static(2, "workload"))
    assert strategy_titles(scene.runs[0].strategy)[0] == "STATIC · batch 2 · padded to the longest"
    (own,) = [view for view in slot_views(scene.runs[0].at(30 * MS), 9) if view.slot == 0]
    assert (own.fraction, own.extent, own.text) == (2 / 20, 5 / 20, ("2/5",))
    (held,) = [view for view in slot_views(scene.runs[0].at(60 * MS), 9) if view.slot == 1]
    assert (held.state, held.fraction, held.extent) == (State.HELD, 4 / 20, 2 / 20)


def test_idle_and_done_are_told() -> None:
    scene = scene_ms((50, 5, 1), strategy=Static(1))
    assert rows(scene, 0, 10 * MS)[0].startswith("IDLE")
    assert rows(scene, 0, scene.end)[0].rstrip() == "DONE at 65.0 ms"


def test_the_queue_gives_each_age_and_counts_those_that_do_not_fit() -> None:
    scene = scene_ms(*[(number, 5, 9) for number in range(2000)], strategy=Continuous(1))
    shown = rows(scene, 0, 1999 * MS)
    waiting = len(scene.runs[0].at(1999 * MS).waiting)
    first = next(number for number, row in enumerate(shown) if row.startswith("queue"))
    assert shown[first].startswith(f"queue {waiting:,} ")
    told = "  ".join(shown[first:-3])
    seen = len(re.findall(r"R\d+ ", told))
    assert re.search(rf"\+{waiting - seen:,} more", told)
    assert seen > 30
    oldest = int(scene.runs[0].at(1999 * MS).waiting[0])
    assert f"R{oldest} 1.9s" in told


def test_the_figures_are_those_of_the_view() -> None:
    time = NOTEBOOK.end // 2
    for lane in range(3):
        view = lane_view(NOTEBOOK, lane, time, None)
        shown = "\n".join(rows(NOTEBOOK, lane, time))
        assert f"useful {view.useful:.0%} " in shown
        assert f"bubble {view.occupied - view.useful:.0%}" in shown
        assert f"occupied {view.occupied:.0%}" in shown
        assert view.latency is not None
        assert f"mean {view.latency.mean / 1e12:.2f}s" in shown
        assert f"p99 {view.latency.p99 / 1e12:.2f}s" in shown


def glyphs_shown(scene: Scene, lane: int, time: int) -> dict[str, str]:
    """The sign of its state behind each request in a slot."""
    found = {}
    for row in rows(scene, lane, time):
        if match := re.match(r" *\d+ (R\d+) +(\S)", row):
            found[match[1]] = match[2]
    return found


def test_without_any_style_the_sign_behind_each_name_tells_its_state() -> None:
    seen = set()
    for lane, run in enumerate(NOTEBOOK.runs):
        for time in instants(NOTEBOOK, 150):
            moment = run.at(time)
            occupants = moment.occupants[moment.occupants >= 0]
            states = moment.states(occupants)
            wanted = {
                f"R{row}": STATE_GLYPHS[state]
                for row, state in zip(occupants.tolist(), states, strict=True)
            }
            wanted |= {f"R{row}": "+" for row in moment.joined}
            assert glyphs_shown(NOTEBOOK, lane, time) == wanted
            seen |= set(wanted.values())
    assert seen == set("›»‖▒+")
    assert len(set(STATE_GLYPHS.values()) | {"+"}) == 6


@pytest.mark.parametrize("batch_size", [16, 64, 300])
def test_folded_slots_still_tell_their_states(batch_size: int) -> None:
    scene = scene_of(crowd(2 * batch_size, batch_size))
    held = next(
        time
        for time in instants(scene, 200)
        if {State.HELD, State.DECODE} <= set(states_of(scene, STATIC, time))
    )
    shown = "\n".join(rows(scene, STATIC, held)[1:-6])
    assert shown.count("▒") >= states_of(scene, STATIC, held).count(State.HELD)
    prefill = "\n".join(rows(scene, STATIC, 1 * MS)[1:-6])
    assert prefill.count("»") == states_of(scene, STATIC, 1 * MS).count(State.PREFILL) > 0


def states_of(scene: Scene, lane: int, time: int) -> list[State]:
    moment = scene.runs[lane].at(time)
    return moment.states(moment.running)


def test_a_request_has_the_same_colour_and_name_in_all_lanes() -> None:
    colours: dict[str, set[str]] = {}
    lanes: dict[str, set[int]] = {}
    for lane in range(3):
        for time in instants(NOTEBOOK, 60):
            for strip in lane_rows(lane_view(NOTEBOOK, lane, time, None), 49, 21, DARK):
                for segment in strip:
                    name, style = segment.text.strip(), segment.style
                    if re.fullmatch(r"R\d+", name):
                        assert style is not None
                        assert style.color is not None
                        assert f"R{style.meta['request_row']}" == name
                        colours.setdefault(name, set()).add(style.color.name)
                        lanes.setdefault(name, set()).add(lane)
    assert sorted(colours) == sorted(f"R{number}" for number in range(20))
    assert {len(found) for found in colours.values()} == {1}
    assert {len(found) for found in lanes.values()} == {3}
    assert len({found.pop() for found in colours.values()}) == 8


def test_the_selected_request_is_reversed_wherever_it_is_named() -> None:
    time = NOTEBOOK.end // 2
    for lane in range(3):
        for row in {*NOTEBOOK.runs[lane].at(time).waiting, 8, 9}:
            strips = lane_rows(lane_view(NOTEBOOK, lane, time, row), 49, 21, DARK)
            named = [s for strip in strips for s in strip if re.fullmatch(r"R\d+", s.text.strip())]
            for segment in named:
                assert bool(segment.style and segment.style.reverse) is (segment.text == f"R{row}")


def test_a_cell_of_a_request_says_which_one_was_clicked() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    strips = lane_rows(lane_view(scene, 0, 65 * MS, None), 49, 21, DARK)
    for row, strip in ((0, strips[1]), (1, strips[3])):
        marked = [s.text for s in strip if s.style and s.style.meta.get("request_row") == row]
        assert len("".join(marked)) > 4


def test_ids_that_are_long_leave_room_for_the_bar() -> None:
    ids = [10**9 + number for number in range(6)]
    plain = crowd(6, 4).requests
    requests = Requests.from_columns(
        plain.arrival_time, plain.input_tokens, plain.output_tokens, ids
    )
    scene = scene_of(Workload("long ids", ListedRequests(requests)))
    for width in (24, 38, 51):
        shown = rows(scene, CONTINUOUS, scene.end // 2, width)
        assert re.search(r"R100000000\d ", "\n".join(shown))
        assert {len(row) for row in shown} == {width}
