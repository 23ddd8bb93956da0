"""Deck files: what is read of them, and how every mistake is told."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest

from tui_batching.clock import HORIZON, MILLISECOND, SECOND
from tui_batching.errors import InputError
from tui_batching.tour import Deck, ViewParts, is_deck, parse_deck
from tui_batching.tour.deck import bundled_deck, step_times
from tui_batching.workload import load_workload

VIEWS = {
    "live": ViewParts(("lanes", "race"), has_panels=True, bars=("answer", "memory")),
    "gantt": ViewParts(has_panels=True),
    "batch-size": ViewParts(),
}
WORKLOAD = "requests: [{arrival_time: 0, input_tokens: 5, output_tokens: 2, id: 7}]\n"


def read(text: str, folder: Path = Path("talks")) -> Deck:
    return parse_deck(text, folder / "talk.yaml", VIEWS)


def test_everything_that_a_chapter_can_say() -> None:
    deck = read("""\
title: A talk
chapters:
  - title: One
    section: Part one
    text: [Read this., And this.]
    then: It is {static.batch_size}.
    notes: Say that.
    minutes: 1.5
    workload: illustrative
    set: {batch_size: 8, dynamic.timeout: 300ms}
    view: gantt
    at: 1.5s
    until: 2s
    speed: 0.25
    play: true
    select: 3
    focus: dynamic
    table: step_time
""")
    (chapter,) = deck.chapters
    assert (deck.title, deck.path) == ("A talk", Path("talks/talk.yaml"))
    assert (chapter.title, chapter.text) == ("One", ("Read this.", "And this."))
    assert chapter.then == ("It is {static.batch_size}.",)
    assert chapter.notes == ("Say that.",)
    assert chapter.workload.name == "illustrative"
    assert chapter.settings == {"batch_size": "8", "dynamic.timeout": "300ms"}
    assert (chapter.view, chapter.at) == ("gantt", 1500 * MILLISECOND)
    assert (chapter.speed, chapter.play) == (0.25, True)
    assert (chapter.select, chapter.focus, chapter.table) == (3, "dynamic", "step_time")
    assert (chapter.section, chapter.minutes, deck.minutes) == ("Part one", 1.5, 1.5)
    assert (chapter.until, chapter.loop, chapter.slide) == (2 * SECOND, None, "")
    assert chapter.served.strategy("static").batch_size == 8


def test_what_is_left_out() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, set: {batch_size: 2}, at: end}
  - {title: Two, text: b}
  - {title: Three, text: c, workload: chat}
  - {title: Four, text: d, workload: notebook, play: false}
""")
    one, two, three, four = deck.chapters
    assert deck.title == "talk"
    assert one.at == HORIZON
    assert two.workload is one.workload is four.workload
    assert three.workload == load_workload("chat")
    assert (two.view, two.at, two.speed, two.play) == ("live", 0, 0.5, False)
    assert (two.settings, two.select, two.table) == ({}, None, None)
    assert (two.notes, two.then) == ((), ())
    assert (two.until, two.loop, two.focus, two.minutes) == (None, None, None, None)
    assert (two.section, two.slide, deck.minutes) == ("", "", 0)
    assert not four.play


def test_a_section_goes_on_until_the_next_one() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook}
  - {title: Two, text: b, section: First}
  - {title: Three, text: c}
  - {title: Four, text: d, section: Second}
""")
    assert [chapter.section for chapter in deck.chapters] == ["", "First", "First", "Second"]


def test_chapters_for_questions_come_behind_the_talk_and_take_none_of_its_time() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, minutes: 2}
  - {title: Two, text: b, section: First, minutes: 3}
backup:
  - {title: Three, text: c, section: Questions, minutes: 4}
  - {title: Four, text: d}
""")
    assert [chapter.title for chapter in deck.chapters] == ["One", "Two", "Three", "Four"]
    assert [chapter.title for chapter in deck.talk] == ["One", "Two"]
    assert deck.chapters[3].workload is deck.chapters[0].workload
    assert deck.minutes == 5
    assert [deck.counter(number) for number in range(4)] == ["1/2", "2/2", "3", "4"]
    assert [deck.turned(number, 1) for number in range(4)] == [1, 1, 3, 3]
    assert [deck.turned(number, -1) for number in range(4)] == [0, 0, 1, 2]


def test_what_stops_or_loops_plays_at_once_and_a_loop_begins_at_its_start() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, until: 2s}
  - {title: Two, text: b, loop: [0.5s, 1s]}
  - {title: Three, text: c, loop: [0.5s, end], at: 0.7s, play: false}
""")
    one, two, three = deck.chapters
    assert (one.at, one.until, one.play) == (0, 2 * SECOND, True)
    assert (two.at, two.loop, two.play) == (SECOND // 2, (SECOND // 2, SECOND), True)
    assert (three.at, three.loop) == (700 * MILLISECOND, (SECOND // 2, HORIZON))
    assert not three.play


def test_a_chapter_shows_parts_of_its_view() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, show: [race, lanes]}
  - {title: Two, text: b, show: lanes}
  - {title: Three, text: c}
""")
    assert [chapter.show for chapter in deck.chapters] == [("race", "lanes"), ("lanes",), ()]


def test_a_slide_does_without_a_text() -> None:
    deck = read("chapters: [{title: One, slide: One GPU, workload: notebook}]")
    assert (deck.chapters[0].slide, deck.chapters[0].text) == ("One GPU", ())


def test_a_chapter_chooses_who_serves_and_the_next_one_goes_on_with_them() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: notebook, strategies: [vllm, continuous]}
  - {title: Two, text: "{continuous.batch_size} slots", set: {vllm.max_num_seqs: 6}}
  - {title: Three, text: c, workload: notebook}
""")
    served = [[each.name for each in chapter.served.strategies] for chapter in deck.chapters]
    ours = ["vllm", "continuous"]
    assert served == [ours, ours, ["static", "dynamic", "continuous"]]
    assert deck.chapters[0].served.strategy("continuous").slots == 4
    assert [chapter.served.strategies[0].slots for chapter in deck.chapters[:2]] == [256, 6]


def test_who_serves_later_has_the_parameters_of_the_workload() -> None:
    deck = read("""\
chapters:
  - {title: One, text: a, workload: tight-memory, strategies: [orca]}
  - {title: Two, text: b, strategies: [vllm]}
""")
    assert deck.chapters[1].workload.strategy("vllm") == load_workload("tight-memory").strategy(
        "vllm"
    )


def test_a_workload_file_is_looked_for_beside_the_deck(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WORKLOAD)
    deck = read("chapters: [{title: One, text: a, workload: mine.yaml, select: 7}]", tmp_path)
    assert deck.chapters[0].workload.name == "mine"
    assert deck.chapters[0].workload.requests.id.tolist() == [7]


FIRST = "chapters:\n  - title: One\n    text: a\n    workload: notebook\n"

MISTAKES = {
    "": "1: found an empty file, expected YAML",
    "title: A talk": "1: chapters: found nothing, expected a list",
    "chapters: []": "1: chapters: found an empty list, expected a list with at least one entry",
    "chapters: {title: One}": "1: chapters: found a mapping, expected a list",
    "pages: []": "1: found the unknown key 'pages', expected one of title, chapters",
    "chapters: [{text: a, workload: chat}]": "1: chapters[0].title: found nothing, expected text",
    "chapters: [{title: One, workload: chat}]": "1: chapters[0].text: found nothing, expected text",
    "chapters: [{title: One, text: a}]": "1: chapters[0].workload: found nothing, expected text",
    "chapters: [{title: One, text: [], workload: chat}]": (
        "1: chapters[0].text: found an empty list, expected a list with at least one entry"
    ),
    f"title: {'x' * 41}\n{FIRST}": "1: title: found 41 characters, expected at most 40",
    FIRST + "  - {title: Two, text: " + "x" * 161 + "}": (
        "5: chapters[1].text: found 161 characters, expected at most 160"
    ),
    FIRST + '    notes: ["\\e[2J"]': (
        "5: chapters[0].notes[0]: found '\\x1b[2J', expected text without control characters"
    ),
    FIRST + "    veiw: live": "5: chapters[0]: found the unknown key 'veiw', expected one of title,"
    " section, slide, text, then, notes, minutes, workload, strategies, set, view, show, bars,"
    " at, until, loop, speed, play, select, focus, table (did you mean 'view'?)",
    FIRST + "    bars: memry": (
        "5: chapters[0].bars: found 'memry', expected one of answer, memory (did you mean 'memory'"
    ),
    FIRST + "    view: gantt\n    bars: memory": (
        "6: chapters[0].bars: found bars beside view: gantt, expected no bars"
    ),
    FIRST + "    focus: statik": (
        "5: chapters[0].focus: found 'statik', expected one of static, dynamic, continuous"
        " (did you mean 'static'?)"
    ),
    FIRST + "    strategies: static": (
        "5: chapters[0].strategies: found 'static', expected a list of strategies, such as"
    ),
    FIRST + "    strategies: [vlm]": "5: chapters[0].strategies: found 'vlm', expected one of ",
    FIRST + "    strategies: [orca, orca]": (
        "5: chapters[0].strategies: found 'orca' twice, expected each strategy once"
    ),
    FIRST + "    strategies: [orca]\n    focus: static": (
        "6: chapters[0].focus: found 'static', expected orca"
    ),
    FIRST + "    view: batch-size\n    focus: static": (
        "6: chapters[0].focus: found focus beside view: batch-size, which has no lanes or panels, "
        "expected no focus"
    ),
    FIRST + "    minutes: 0": "5: chapters[0].minutes: found 0, expected a number > 0",
    FIRST + "    at: 2s\n    until: 2s": (
        "6: chapters[0].until: found '2s', expected an instant after the one at which it begins"
    ),
    FIRST + "    then: b": (
        "5: chapters[0].then: found then without until, expected until beside then"
    ),
    FIRST + "    loop: [1s, 2s]\n    until: 3s": (
        "6: chapters[0].until: found until beside loop, expected either until or loop"
    ),
    FIRST + "    loop: 1s": "5: chapters[0].loop: found '1s', expected a list of two instants,",
    FIRST + "    loop: [1s, 2s, 3s]": "5: chapters[0].loop: found a list, expected a list of two",
    FIRST + "    loop: [2s, 1s]": (
        "5: chapters[0].loop[1]: found '1s', expected an instant after the first one"
    ),
    FIRST + "    loop: [1s, 2s]\n    at: 2s": (
        "6: chapters[0].at: found '2s', expected an instant before the end of the loop"
    ),
    FIRST + "    slide: {big: words}": "5: chapters[0].slide: found a mapping, expected text",
    FIRST + "    section: []": "5: chapters[0].section: found a list, expected text",
    FIRST + "    view: gannt": (
        "5: chapters[0].view: found 'gannt', expected one of live, gantt, batch-size"
        " (did you mean 'gantt'?)"
    ),
    FIRST + "    show: [lanes, rase]": (
        "5: chapters[0].show[1]: found 'rase', expected a part of the view live, one of lanes, race"
        " (did you mean 'race'?)"
    ),
    FIRST + "    show: []": "5: chapters[0].show: found an empty list, expected",
    FIRST + "    view: gantt\n    show: lanes": (
        "6: chapters[0].show: found show beside view: gantt, which is always shown whole,"
        " expected no show"
    ),
    FIRST + "    at: soon": "5: chapters[0].at: found 'soon', expected a duration such as 20ms",
    FIRST + "    at: -1s": "5: chapters[0].at: found -1s, expected a duration that is not negative",
    FIRST + "    speed: 0": "5: chapters[0].speed: found 0, expected a number > 0",
    FIRST + "    speed: 262145": "5: chapters[0].speed: found 262145, expected a number <= 262144",
    FIRST + "    play: maybe": "5: chapters[0].play: found 'maybe', expected one of true, false",
    FIRST + "    select: R1": "5: chapters[0].select: found 'R1', expected a whole number >= 0",
    FIRST + "    select: 20": (
        "5: chapters[0].select: found 20, expected the id of a request of the workload"
    ),
    FIRST + "    set: {workload.count: 5}\n    select: 5": (
        "6: chapters[0].select: found 5, expected the id of a request of the workload"
    ),
    FIRST + "    table: cost": "5: chapters[0].table: found 'cost', expected step_time",
    FIRST + "    set: [batch_size=4]": "5: chapters[0].set: found a list, expected a mapping with",
    FIRST + "    set: {batch_sise: 4}": "5: chapters[0].set: found the unknown key 'batch_sise'",
    FIRST + "    set:\n      static.batch_size: 0": (
        "6: chapters[0].set.static.batch_size: found 0, expected a whole number >= 1"
    ),
    FIRST + "    set: {dynamic.timeout: [1s]}": (
        "5: chapters[0].set.dynamic.timeout: found a list, expected a duration"
    ),
    FIRST.replace("notebook", "summarize-burst") + "    set: {workload.rate: 3}": (
        "5: chapters[0].set.workload.rate: "
    ),
    FIRST.replace("notebook", "chta"): (
        "4: chapters[0].workload: found no workload called 'chta', expected a file (*.yaml"
    ),
    FIRST.replace("notebook", "mine.yaml"): (
        "4: chapters[0].workload: talks/mine.yaml: found no such file, expected"
    ),
}


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    sentence = str(caught.value)
    assert sentence.startswith(f"talks/talk.yaml:{MISTAKES[text]}")
    assert "\n" not in sentence


def test_a_setting_of_another_strategy_is_told_what_it_is_called_here() -> None:
    with pytest.raises(InputError) as caught:
        read(FIRST + "    set: {continuous.max_num_seqs: 4}")
    assert str(caught.value).endswith(" (here it is called batch_size)")


def test_a_mistake_in_a_workload_file_is_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WORKLOAD.replace("2", "0"))
    with pytest.raises(InputError) as caught:
        read("chapters: [{title: One, text: a, workload: mine.yaml}]", tmp_path)
    places = f"{tmp_path}/talk.yaml:1: chapters[0].workload: {tmp_path}/mine.yaml:1: requests[0]"
    assert str(caught.value).startswith(places)


def test_an_instant_is_exact() -> None:
    deck = read("chapters: [{title: One, text: a, workload: chat, at: 0.000000000001}]")
    assert deck.chapters[0].at == SECOND // 10**12


def test_a_workload_stays_in_the_folder_of_the_deck_unless_its_path_is_absolute(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "talks"
    folder.mkdir()
    outside = tmp_path / "secret.yaml"
    outside.write_text(WORKLOAD)
    (folder / "link.yaml").symlink_to(outside)
    (folder / "folder").symlink_to(tmp_path)
    chapter = "chapters: [{title: One, text: a, workload: '%s'}]"
    for name in ("../secret.yaml", "link.yaml", "folder/secret.yaml", "talks/../../secret.yaml"):
        with pytest.raises(InputError, match="expected a path that stays in the file's folder"):
            read(chapter % name, folder)
    assert read(chapter % outside, folder).chapters[0].workload.name == "secret"


@pytest.mark.parametrize("null", ["null", "~", ""])
def test_a_key_with_null_is_left_out(null: str) -> None:
    keys = "section then notes minutes strategies set view show at until speed play select focus"
    nulls = "".join(f"    {key}: {null}\n" for key in keys.split())
    plain = FIRST + "    loop: [1s, 2s]\n"
    assert read(plain + nulls).chapters == read(plain).chapters


def test_what_is_needed_cannot_be_null() -> None:
    with pytest.raises(InputError, match=r"chapters\[0\].text: found nothing, expected text"):
        read(FIRST.replace("text: a", "text: null"))


def test_there_is_a_most_of_chapters() -> None:
    with pytest.raises(InputError, match="chapters: found a list of 501, expected at most 500"):
        read("chapters:\n" + "  - {title: One, text: a, workload: notebook}\n" * 501)


ROW = "[a, b, c, d, e, f"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("section: " + "x" * 41, "at most 40 characters"),
        ("slide: " + "x" * 61, "a slide 60"),
        ("until: 1s\n    then: " + "x" * 161, "each text of a list 160"),
        ("notes: " + "x" * 1001, "each note 1,000"),
        (f"table: [{', '.join(['[a]'] * 13)}]", "at most 12 rows"),
        (f"table: [{ROW}, g]]", "of 6 cells"),
        (f"table: [[{'x' * 31}]]", "of 30 characters"),
        ("minutes: 601", "600 minutes"),
    ],
    ids=lambda text: text[:12],
)
def test_a_limit_that_is_kept_is_told_where_the_format_is_described(more: str, told: str) -> None:
    found = re.search(r"[\d,]+", told)
    assert found is not None
    with pytest.raises(InputError, match=f"expected .*{found[0].replace(',', '')}"):
        read(f"{FIRST}    {more}\n")
    lines = bundled_deck().read_text(encoding="utf-8").splitlines()
    head = takewhile(lambda line: line.startswith("#"), lines)
    assert told in " ".join(" ".join(line.strip("# ") for line in head).split())


def test_what_is_no_mapping_of_settings_is_refused_without_listing_them_all() -> None:
    """There are far more settings than a sentence bears."""
    text = "title: T\nchapters:\n  - {title: A, text: B, workload: notebook, set: 5}\n"
    with pytest.raises(InputError, match=r"expected a mapping with batch_size, .* others") as error:
        parse_deck(text, Path("d.yaml"), VIEWS)
    assert len(str(error.value)) < 1500


UNKNOWN_VALUES = {
    "{statik.p99_latency}": "expected one of static, dynamic, continuous, a request such as R2,",
    "{static.p99_latncy}": "(did you mean 'p99_latency', 'p95_latency' or 'p90_latency'?)",
    "{static.mean_latenz}": "expected after static. one of avg_wait, p50_wait",
    "{static}": "expected after static. one of avg_wait",
    "{static.R99.latency}": "expected the id of a request of the workload",
    "{static.R2.latencies}": "expected after static.R2. one of start_time",
    "{R2.output_token}": "(did you mean 'output_tokens' or 'input_tokens'?)",
    "{R2}": "expected after R2. one of arrival_time, input_tokens, output_tokens",
    "{cost.decode_stpe}": "(did you mean 'decode_step'?)",
    "{workload.rate}": "expected after workload. requests",
    "{static.throughput / static.p99_wait}": "expected two numbers of one unit beside the /",
    "{static.batch_size / static.slots}": "found the unknown value 'static.slots'",
    "{static.timeout}": "found the unknown value 'static.timeout', expected after static.",
    "{}": "found the unknown value '', expected one of static",
    "{static.p99_wait": "found a single {, expected a value such as {static.p99_latency}",
    "so } what": "found a single }, expected a value",
}


@pytest.mark.parametrize("value", UNKNOWN_VALUES)
@pytest.mark.parametrize("key", ["text", "then", "notes", "slide"])
def test_an_unknown_value_is_told_with_its_place(key: str, value: str) -> None:
    text = "" if key == "text" else "until: 1s, text: a, "
    with pytest.raises(InputError) as caught:
        read(f"chapters: [{{title: One, {text}workload: notebook, {key}: '{value}'}}]")
    sentence = str(caught.value)
    assert sentence.startswith(f"talks/talk.yaml:1: chapters[0].{key}: found ")
    assert UNKNOWN_VALUES[value] in sentence
    assert "\n" not in sentence


def test_a_value_in_a_list_is_told_with_its_place() -> None:
    with pytest.raises(InputError, match=r"chapters\[0\]\.text\[1\]: found the unknown value"):
        read("chapters: [{title: One, text: [a, '{b}'], workload: notebook}]")


def test_a_deck_is_told_from_a_workload() -> None:
    path = Path("d.yaml")
    assert is_deck(FIRST, path)
    assert not is_deck(WORKLOAD, path)
    assert not is_deck("# of chapters\n" + WORKLOAD, path)
    assert not is_deck("- chapters", path)


def test_step_times_end_where_the_profile_does() -> None:
    workload = load_workload("chat")
    ends = [
        step_times(workload.with_settings({"cost": cost}))[-1].batch_size
        for cost in ("toy", "a100-llama-3-8b", "rtx4090-llama-3.1-8b")
    ]
    assert ends == [256, 256, 16], "it was fitted to batches of 48 at most"
