"""Drawing a lane: its exact size whatever it shows, and what a reader finds in it."""

from __future__ import annotations

import re
from itertools import cycle, pairwise
from math import ceil

import numpy as np
import pytest
from stage import MS, crowd, hand_made, palette, scene_of, texts

from tui_batching.analysis.scene import Scene
from tui_batching.charts.lane_pen import bar_scale, sign_scale
from tui_batching.charts.lane_rows import lane_rows
from tui_batching.charts.lane_view import lane_view, slot_views
from tui_batching.charts.panels import strategy_titles
from tui_batching.charts.token_bars import TOKEN_SIGNS
from tui_batching.clock import format_duration
from tui_batching.sim.life import State
from tui_batching.strategies import Continuous, Dynamic, Static
from tui_batching.workload import (
    ListedRequests,
    Requests,
    Workload,
    apply_settings,
    load_workload,
)

DARK = palette()
NOTEBOOK = scene_of(load_workload("notebook"))
SIZES = (1, 4, 8, 16, 64, 300)
STATIC, DYNAMIC, CONTINUOUS = range(3)
REAL = [(19, 11), (25, 11), (38, 16), (52, 20)]
"""Of lanes beside a slide, and at 80x24, 120x36 and 160x45."""
SOLID = "[█▇]"
"""A cell of tokens that were made."""


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


def slots_of(shown: list[str]) -> dict[str, str]:
    """All that is said of each request in a slot, over the rows of the slot."""
    found: dict[str, str] = {}
    name = ""
    for row in shown[1:]:
        if row[1:].startswith("queue "):
            break
        if match := re.match(r"[ ▸] *\d+ (R\d+|free)", row):
            name = match[1]
        found[name] = found.get(name, "") + row + "\n"
    found.pop("free", None)
    return found


def scene_ms(*requests: tuple[int, int, int], strategy: Static | Dynamic | Continuous) -> Scene:
    return scene_of(hand_made(*requests, strategies=[strategy]))


@pytest.mark.parametrize("batch_size", SIZES)
def test_every_size_is_filled_exactly(batch_size: int) -> None:
    # Three thousand at once: at first nearly all of them are in the queue.
    queue = scene_of(crowd(3000 if batch_size > 1 else 400, batch_size))
    trickle = scene_of(crowd(2 * batch_size + 3, batch_size, gap=9))
    moments = cycle([(of, at) for of in (queue, trickle) for at in instants(of, 7)])
    lanes = cycle((STATIC, DYNAMIC, CONTINUOUS))
    # Each size is drawn with one of the six batch sizes, to save time.
    some = SIZES.index(batch_size)
    sizes = [(w, h) for w in range(1, 61) for h in range(1, 31) if (w + h) % 6 == some]
    for (width, height), (scene, time) in zip(sizes, moments, strict=False):
        view = lane_view(scene, next(lanes), time, width % 3, speed=height % 2)
        strips = lane_rows(view, width, height, DARK)
        widths = {sum(segment.cell_length for segment in strip) for strip in strips}
        assert (len(strips), widths) == (height, {width}), (width, height, time)


def test_no_room_at_all_is_no_rows() -> None:
    assert rows(NOTEBOOK, STATIC, 0, width=0) == rows(NOTEBOOK, STATIC, 0, height=0) == []


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize(("width", "height"), REAL)
def test_phase_queue_and_shares_are_whole_at_every_real_size(
    batch_size: int, width: int, height: int
) -> None:
    scene = scene_of(crowd(3 * batch_size, batch_size, gap=2))
    for lane in range(3):
        for time in instants(scene, 12):
            view = lane_view(scene, lane, time, None)
            shown = texts(lane_rows(view, width, height, DARK))
            assert re.match(" (IDLE|FORMING|PREFILL|DECODE|ALL ANSWERED|END)", shown[0])
            waiting = len(view.moment.waiting) - len(view.moment.joined)
            assert one("queue ", shown).startswith(f" queue {waiting} ")
            held, stalled = (
                f"{100 * part:.0f}%" for part in (view.shares.held, view.shares.stalled)
            )
            said = rf"(held|▒) {held} (· )?(stalled|‖) {stalled}"
            assert re.search(said, shown[-1]), (said, shown)
            assert "…" not in "".join(shown)


@pytest.mark.parametrize("width", [52, 120])
def test_the_shares_of_slot_time_are_told_and_drawn(width: int) -> None:
    for lane in range(3):
        for time in instants(NOTEBOOK, 40):
            view = lane_view(NOTEBOOK, lane, time, None)
            shares = view.shares
            bar, words = texts(lane_rows(view, width, 20, DARK))[-2:]
            told = {"useful": shares.useful, "held": shares.held, "stalled": shares.stalled}
            assert words.split() == [
                word for name, share in told.items() for word in (name, f"{100 * share:.0f}%")
            ]
            for share, sign in zip((*told.values(), shares.free), "█▒‖·", strict=True):
                assert bar.count(sign) == pytest.approx(share * (width - 2), abs=1)


def test_one_cell_is_as_many_tokens_in_every_row_of_every_lane() -> None:
    seen = 0
    for width, height in REAL[1:]:
        for time in instants(NOTEBOOK, 30):
            views = [lane_view(NOTEBOOK, lane, time, None) for lane in range(3)]
            scale = bar_scale(views, width)
            for view in views:
                strips = lane_rows(view, width, height, DARK, scale)
                told = slots_of(texts(strips))
                for slot in slot_views(view, 4):
                    if slot.state in (State.DECODE, State.STALLED, State.HELD):
                        first = told[slot.name].splitlines()[0]
                        cells = len(re.findall(SOLID, first))
                        just_held = (
                            slot.state is State.HELD and slot.front - slot.made < scale.answer
                        )
                        whole = slot.made // scale.answer
                        assert whole - just_held <= cells <= whole, (first, slot, scale)
                        seen += 1
    assert seen > 100


def test_a_held_slot_is_a_bubble_that_tells_how_long_it_has_been_held() -> None:
    # Prefill until 5, steps of 12 ms: R0 is done at 17, the batch at 725.
    scene = scene_ms((0, 5, 1), (0, 5, 60), strategy=Static(2))
    for width, height, told in ((49, 21, "500 ms"), (49, 8, "held 500 ms"), (25, 8, "held")):
        said = slots_of(rows(scene, 0, 517 * MS, width, height))["R0"]
        assert said.count("▒") > 2
        assert "held" in said
        assert told in said
    before = slots_of(rows(scene, 0, 10 * MS))["R0"]
    assert "▒" not in before
    assert "held" not in before


def test_a_bubble_grows_with_its_batch_until_the_batch_ends() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 60), strategy=Static(2))
    end = scene.runs[0].finished
    sizes = []
    for time in np.linspace(100 * MS, end - MS, 20).astype(np.int64).tolist():
        held, front = (
            slots_of(rows(scene, 0, time))[name].splitlines()[1] for name in ("R0", "R1")
        )
        assert held.rindex("▒") == pytest.approx(front.rindex("█"), abs=1)
        sizes.append(held.count("▒"))
    assert all(later >= earlier for earlier, later in pairwise(sizes))
    assert sizes[-1] > sizes[0] + 10
    assert "R0" not in slots_of(rows(scene, 0, end))


def test_only_who_serves_whole_batches_holds_anybody() -> None:
    hatched = [
        sum("▒" in "".join(rows(NOTEBOOK, lane, time)) for time in instants(NOTEBOOK, 60))
        for lane in range(3)
    ]
    assert min(hatched[:2]) > 30
    assert hatched[CONTINUOUS] == 0


def test_a_padded_lane_says_so_and_holds_the_longest_of_a_batch_too() -> None:
    scene = scene_ms((0, 5, 5), (0, 5, 2), (0, 5, 20), strategy=Static(2, "workload"))
    assert strategy_titles(scene.runs[0].strategy)[0] == "STATIC · batch 2 · padded to the longest"
    own, held = slots_of(rows(scene, 0, 60 * MS)).values()
    assert ("▒" in own, "▒" in held) == (False, True)
    own, held = slots_of(rows(scene, 0, 200 * MS)).values()
    assert own.count("▒") > 10
    assert held.count("▒") > own.count("▒")


def test_a_forming_batch_tells_how_many_joined_and_when_it_fires() -> None:
    scene = scene_ms((0, 5, 2), (30, 5, 2), (500, 5, 2), strategy=Dynamic(4, 100 * MS))
    shown = rows(scene, 0, 40 * MS)
    assert shown[0].rstrip() == " FORMING 2/4 · fires in 60.0 ms"
    told = slots_of(shown)
    assert re.search("^ 0 R0 .* 40.0 ms \n.*joined", told["R0"])
    assert re.search("^ 1 R1 .* 10.0 ms \n.*joined", told["R1"])
    assert len([row for row in shown if re.match(r" \d free", row)]) == 2
    assert one("queue", shown).strip() == "queue 0"
    narrow = rows(scene, 0, 40 * MS, 25, 11)
    assert narrow[0].rstrip() == " FORMING 2/4 · in 60.0 ms"
    assert "joined" in slots_of(narrow)["R0"]


def test_a_static_batch_that_forms_waits_for_more_and_for_nothing_else() -> None:
    scene = scene_ms((0, 5, 2), (30, 5, 2), (500, 5, 2), strategy=Static(3))
    assert rows(scene, 0, 40 * MS)[0].rstrip() == " FORMING 2/3 · waits for 1 more"


def test_a_prefill_tells_whose_it_is_and_how_long_it_takes() -> None:
    requests = ((0, 9, 9), (4, 30, 2))
    alone = rows(scene_ms(*requests, strategy=Continuous(2)), 0, 24 * MS)
    assert alone[0].rstrip() == " PREFILL R1 · 30.0 ms · 15.0 ms left"
    told = slots_of(alone)
    assert "‖" in told["R0"]
    assert "stalls" in told["R0"]
    assert "prefill" in told["R1"]
    gauge = re.search(r"\[(░*)(·*)\]", told["R1"])
    assert gauge is not None
    assert len(gauge[1]) == pytest.approx(len(gauge[2]), abs=1)
    batch = rows(scene_ms(*requests, strategy=Static(2)), 0, 20 * MS)
    assert batch[0].startswith(" PREFILL R0–R1 · 30.0 ms")


def test_a_decode_step_tells_its_number_its_cost_and_who_makes_tokens() -> None:
    requests = ((0, 5, 1), (0, 5, 10), (0, 5, 4))
    scene = scene_ms(*requests, strategy=Static(2))
    told = " DECODE step 3/10 · 12.0 ms · 1 of 2 make tokens"
    assert rows(scene, 0, 30 * MS)[0].rstrip() == told
    assert rows(scene, 0, 30 * MS, 25)[0].rstrip() == " DECODE 3/10 · 12.0 ms"
    second = rows(scene, 0, 150 * MS, 60)[0].rstrip()
    assert second.startswith(" DECODE step 3/4 · "), "of the batch"
    assert slots_of(rows(scene, 0, 30 * MS))["R1"].split("\n")[0].endswith(" 2/10 ")
    textbook = scene_ms(*requests, strategy=Continuous(2))
    told = " DECODE step 3 · 12.0 ms · 2 of 2 make tokens"
    assert rows(textbook, 0, 40 * MS)[0].rstrip() == told, "of the whole run: there are no batches"
    assert rows(textbook, 0, 40 * MS, 25)[0].rstrip() == " DECODE step 3 · 12.0 ms"


def test_idle_and_the_end_are_told() -> None:
    scene = scene_ms((50, 5, 1), strategy=Static(1))
    assert rows(scene, 0, 10 * MS)[0].startswith(" IDLE")
    assert rows(scene, 0, scene.end)[0].rstrip() == " ALL ANSWERED at 65.0 ms"


def test_free_slots_tell_the_rule_until_somebody_is_answered() -> None:
    scene = scene_ms((0, 5, 2), (500, 5, 2), strategy=Continuous(4))
    rule = " ".join(" ".join(rows(scene, 0, 10 * MS)).split())
    assert "The rule: " in rule
    assert "The rule" not in "".join(rows(scene, 0, 100 * MS))


def test_slots_are_as_many_rows_high_as_fit() -> None:
    for height, thick in ((11, 1), (16, 2), (20, 3), (40, 3)):
        for said in slots_of(rows(NOTEBOOK, STATIC, NOTEBOOK.end // 2, 38, height)).values():
            assert len(said.splitlines()) == thick
    eight = scene_of(crowd(24, 8))
    assert len(slots_of(rows(eight, STATIC, 60 * MS, 25, 11))) == 8, "the bubble is an area"


def test_the_queue_gives_each_age_where_all_fit() -> None:
    time = 3000 * MS
    for lane in range(3):
        shown = rows(NOTEBOOK, lane, time, 52)
        moment = NOTEBOOK.runs[lane].at(time)
        told = " ".join(shown[next(n for n, row in enumerate(shown) if " queue " in row) :])
        arrivals = NOTEBOOK.workload.requests.arrival_time[moment.waiting].tolist()
        ages = [format_duration(time - arrival) for arrival in arrivals]
        for request, age in zip(moment.waiting, ages, strict=True):
            assert f" R{request} {age} " in told
        assert f"longest wait {ages[0]} " in told


@pytest.mark.parametrize("width", [19, 25, 49])
def test_the_queue_counts_those_that_do_not_fit(width: int) -> None:
    scene = scene_ms(*[(number, 5, 9) for number in range(2000)], strategy=Continuous(1))
    shown = rows(scene, 0, 1999 * MS, width)
    waiting = scene.runs[0].at(1999 * MS).waiting
    first = next(number for number, row in enumerate(shown) if row.startswith(" queue"))
    assert shown[first].startswith(f" queue {len(waiting):,} ")
    told = " ".join(shown[first + 1 : -3])
    named = re.findall(r"R(\d+)", told)
    assert named == [str(row) for row in waiting[: len(named)]], "in order"
    assert re.search(rf"\+{len(waiting) - len(named):,} ", told)
    assert len(named) > 10


def looks(scene: Scene, time: int, speed: float, text: str) -> set[bool]:
    """Whether what is said so of a request stands on white in the first lane."""
    strips = lane_rows(lane_view(scene, 0, time, None, speed), 49, 21, DARK)
    styles = (s.style for strip in strips for s in strip if s.text.strip() == text)
    white = (DARK.playhead, True)
    return {(look.color, bool(look.reverse)) == white for look in styles if look and look.meta}


def test_what_just_happened_is_white_for_a_while_of_time_and_speed_alone() -> None:
    # R0 is done at 17 ms; six tenths of a second at a tenth of real time are 60 ms.
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    for speed, until in ((0.1, 60), (0.05, 30), (0, 0)):
        assert looks(scene, 16 * MS, speed, "held") == set()
        assert looks(scene, (17 + until) * MS, speed, "held") == {True}
        assert looks(scene, (17 + until) * MS + 1, speed, "held") == {False}
    assert looks(scene, 0, 0, "R0") == {True}, "admitted"


def test_who_comes_in_is_marked_at_both_ends_of_the_way() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 10), (0, 5, 9), strategy=Continuous(2))
    came = int(scene.runs[0].start_time[2])
    assert looks(scene, came, 0.1, "R2 → slot 0") == {True}
    assert "→" not in "".join(rows(scene, 0, came + 1))


def test_the_instant_and_the_words_of_what_happened_last_stay() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    assert one("finished", rows(scene, 0, 90 * MS)).strip() == "0.0170 R0 finished, but held"
    assert one("released", rows(scene, 0, scene.end)).strip() == "0.1250 R0, R1 released together"


WORDS = {
    State.HELD: "held",
    State.STALLED: "‖",
    State.PREFILL: "prefill",
    State.FORMING: "joined",
}


@pytest.mark.parametrize(("width", "height"), REAL[1:])
def test_without_any_style_signs_and_words_tell_each_state(width: int, height: int) -> None:
    seen = set()
    for lane in range(3):
        for time in instants(NOTEBOOK, 100):
            view = lane_view(NOTEBOOK, lane, time, None)
            told = slots_of(texts(lane_rows(view, width, height, DARK)))
            taken = [slot for slot in slot_views(view, 4) if slot.state is not None]
            assert sorted(told) == sorted(slot.name for slot in taken)
            for slot in taken:
                said = {state for state, word in WORDS.items() if word in told[slot.name]}
                assert not re.search("[^ a-z](?:held|prefill|stalls|joined)", told[slot.name])
                assert said == {slot.state} - {State.DECODE}, (told[slot.name], slot)
                seen.add(slot.state)
    assert seen == {*WORDS, State.DECODE}


@pytest.mark.parametrize(("width", "height"), REAL)
@pytest.mark.parametrize("batch_size", [24, 64, 300])
def test_crowded_slots_still_tell_their_states(batch_size: int, width: int, height: int) -> None:
    scene = scene_of(crowd(2 * batch_size, batch_size))
    for time in instants(scene, 12)[:-2]:
        view = lane_view(scene, STATIC, time, None)
        shown = texts(lane_rows(view, width, height, DARK))
        crowded = "\n".join(shown[1 : next(n for n, row in enumerate(shown) if " queue" in row)])
        more = re.search(r"\+(\d+) more slots", crowded)
        left = int(more[1]) if more else 0
        states = [slot.state for slot in slot_views(view, batch_size - left)]
        for sign, state in (("▒", State.HELD), ("‖", State.STALLED), ("░", State.PREFILL)):
            assert crowded.count(sign) == states.count(state)
        levels = len(re.findall(f"[{TOKEN_SIGNS}]", crowded))
        assert levels == states.count(State.DECODE)


@pytest.mark.parametrize("batch_size", [16, 24, 64])
def test_crowded_slots_with_as_many_tokens_look_alike_in_all_lanes(batch_size: int) -> None:
    """And the sign grows with the tokens, however long an answer is to be."""
    scene = scene_of(crowd(2 * batch_size, batch_size, gap=3))
    drawn: dict[int, set[str]] = {}
    for time in instants(scene, 40):
        for lane in range(3):
            view = lane_view(scene, lane, time, None)
            for row in lane_rows(view, 25, 11, DARK):
                for segment in row:
                    request = segment.style and segment.style.meta.get("request_row")
                    if request is not None and segment.text.strip() in set(TOKEN_SIGNS):
                        made = int(view.moment.tokens_made([request])[0])
                        drawn.setdefault(made, set()).add(segment.text.strip())
    assert len(drawn) > 8
    assert {len(signs) for signs in drawn.values()} == {1}
    heights = [TOKEN_SIGNS.index(*drawn[made]) + 1 for made in sorted(drawn)]
    full = sign_scale(scene)  # as the legend tells it
    assert heights == [max(1, ceil(7 * made / full)) for made in sorted(drawn)]
    assert heights[-1] >= 6


def test_names_are_the_same_in_all_lanes_and_lead_to_their_request() -> None:
    lanes: dict[str, set[int]] = {}
    for lane in range(3):
        for time in instants(NOTEBOOK, 60):
            for strip in lane_rows(lane_view(NOTEBOOK, lane, time, None), 49, 21, DARK):
                for segment in strip:
                    if re.fullmatch(r" *R\d+ *", segment.text):
                        name = segment.text.strip()
                        assert segment.style is not None
                        assert f"R{segment.style.meta['request_row']}" == name
                        lanes.setdefault(name, set()).add(lane)
    assert lanes == {f"R{number}": {0, 1, 2} for number in range(20)}


@pytest.mark.parametrize("batch_size", [4, 16])
def test_the_selected_request_has_a_sign_wherever_it_is_named(batch_size: int) -> None:
    scene = scene_of(crowd(4 * batch_size, batch_size))
    time = scene.end // 3
    for lane in range(3):
        moment = scene.runs[lane].at(time)
        for row in (*moment.running.tolist(), *moment.waiting[:5]):
            shown = rows(scene, lane, time, 49, 13, row)
            list_of_names = [text for text in shown if not re.match(r" \d\.", text)]
            told = "\n".join(list_of_names)
            assert re.findall(r"▸(?:\d+ )?R(\d+)", told) == [str(row)] * told.count("▸")
            assert "▸" in told
        assert "▸" not in "".join(rows(scene, lane, time, 49, 13))


def test_a_cell_of_a_request_says_which_one_was_clicked() -> None:
    scene = scene_ms((0, 5, 1), (0, 5, 10), strategy=Static(2))
    strips = lane_rows(lane_view(scene, 0, 65 * MS, None), 49, 21, DARK)
    for row, strip in ((0, strips[1]), (0, strips[2]), (1, strips[4])):
        marked = [s.text for s in strip if s.style and s.style.meta.get("request_row") == row]
        assert len("".join(marked)) > 4


def test_ids_that_are_long_leave_room_for_the_bar() -> None:
    ids = [10**9 + number for number in range(6)]
    plain = crowd(6, 4).requests
    requests = Requests.from_columns(
        plain.arrival_time, plain.input_tokens, plain.output_tokens, ids
    )
    scene = scene_of(Workload("long ids", ListedRequests(requests)))
    for width in (25, 38, 51):
        shown = "\n".join(rows(scene, CONTINUOUS, scene.end // 2, width))
        assert re.search(rf"R100000000\d .*{SOLID}", shown)
        assert re.search(r"\d/\d", shown)


@pytest.mark.parametrize(("height", "thick"), [(8, 1), (12, 3)])
def test_all_prompts_of_a_batch_are_seen_to_be_read_once_time_has_passed(
    height: int, thick: int
) -> None:
    scene = scene_ms((0, 2, 5), (0, 90, 5), strategy=Static(2))
    for time, read in ((0, False), (MS, True)):
        gauges = re.findall(r"\[.*?\]", "\n".join(rows(scene, 0, time, 60, height)))
        assert ["░" in gauge for gauge in gauges] == [read] * 2 * thick


@pytest.mark.parametrize(("height", "thick"), [(8, 1), (12, 3)])
def test_a_prompt_is_as_high_as_the_bars_beside_it_and_in_brackets(height: int, thick: int) -> None:
    """For its scale is its own, which a row without them would not tell."""
    scene = scene_ms((0, 30, 5), (0, 90, 5), strategy=Static(2))
    told = [row for row in rows(scene, 0, 15 * MS, 60, height) if "░" in row]
    assert len(told) == 2 * thick
    assert len({(row.index("[░"), row.index("]")) for row in told}) == 1


@pytest.mark.parametrize(("width", "height"), REAL)
@pytest.mark.parametrize("lane", range(3))
def test_who_leaves_the_queue_for_a_slot_is_marked_there_at_every_size(
    lane: int, width: int, height: int
) -> None:
    run = NOTEBOOK.runs[lane]
    for instant in sorted(set(run.stays.start_time.tolist())):
        view = lane_view(NOTEBOOK, lane, instant + 100 * MS, None, speed=0.5)
        if view.happening is not None and view.happening.instant == instant:
            head = one("^ queue ", texts(lane_rows(view, width, height, DARK)))
            first = view.happening.admitted[0][0]
            assert "→" in head
            assert f" R{first}" in head or width == 19


@pytest.mark.parametrize("width", [23, 40, 53])
def test_prompts_of_one_prefill_are_as_far_as_one_another(width: int) -> None:
    """With a real accelerator's prices a batch is padded: all its prompts take as long."""
    prompts = (50, 333, 7, 1200)
    workload = hand_made(*((0, prompt, 5) for prompt in prompts), strategies=[Static(4)])
    scene = scene_of(apply_settings(workload, ["cost=a100-llama-3-8b"]))
    end = int(scene.runs[0].stays.ready_time[0])
    for time in range(end // 50, end, end // 50):
        shown = rows(scene, 0, time, width=width, height=14)
        gauges = {gauge for row in shown for gauge in re.findall(r"\[░*·+\]|\[░+·*\]", row)}
        assert len(gauges) == 1, shown


@pytest.mark.parametrize("width", range(19, 60, 5))
@pytest.mark.parametrize("height", [11, 20])
def test_a_duration_never_touches_what_is_drawn_before_it(width: int, height: int) -> None:
    scene = scene_ms((0, 28, 40), (0, 89, 1), (0, 54, 1), (0, 31, 2), strategy=Static(4))
    for time in range(0, scene.end, 7 * MS):
        for row in rows(scene, 0, time, width, height):
            assert not re.search(rf"[]▒·▂{TOKEN_SIGNS}][\d.]+ m?s", row), (time, row)
