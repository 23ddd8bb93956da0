"""Plain ASCII: nothing else is left, states stay told apart, and it is chosen where needed."""

from __future__ import annotations

import io
import itertools
import re
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import shell
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from stage import EAGER, Stage, on_stage, palette, scene_of, texts
from tight import tight
from tour import TOUR
from waiting import eventually

import tui_batching
from tui_batching.__main__ import main
from tui_batching.charts import gantt, request_bars, slots
from tui_batching.charts.bands import WAITS
from tui_batching.charts.chart import ChartRequest, Viewport
from tui_batching.charts.gallery import SCENE_CHARTS, SWEEP_CHARTS, TEXT_CHARTS
from tui_batching.charts.lane_view import STATE_GLYPHS
from tui_batching.charts.pen import PART_SIGNS
from tui_batching.charts.printing import to_ascii
from tui_batching.charts.rows import (
    AGAIN,
    BEGIN,
    CACHED,
    CHOSEN,
    EIGHTHS,
    EVICTED,
    FOCUS,
    FULL,
    HATCH,
    LEVELS,
    PLAYHEAD,
    READ,
    RESERVED,
    SHADE,
    SLOWED,
    STALLED,
    TRACK,
    bar,
    text_of,
)
from tui_batching.cli import progress
from tui_batching.cli.terminal import needs_ascii
from tui_batching.clock import MILLISECOND
from tui_batching.strategies import STRATEGIES, mark_of
from tui_batching.tui.bars import key_row
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.timeline import SELECTED
from tui_batching.tui.views import VIEWS
from tui_batching.workload import load_workload

ASCII = replace(EAGER, ascii=True)
LETTERS = [mark_of(name) for name, kind in STRATEGIES.items() if not kind.textbook]
TIMELINE = ["─", "━", "▾", "┃", SELECTED, "S", "D", "C"]
TOLD_APART = {
    "what a slot does": [FULL, TRACK, *STATE_GLYPHS.values()],
    "the live page": [
        *(FULL, TRACK, " ", *STATE_GLYPHS.values()),
        *(RESERVED, READ, CACHED, SLOWED, EVICTED, CHOSEN, *FOCUS, "▾", "┃", "─", "━", "★"),
    ],
    "bars of the Gantt": [
        *(entry.glyph[0] for entry in gantt.legend(palette(), "requests")),
        *(WAITS, PLAYHEAD, request_bars.EARLIER, request_bars.LATER, EVICTED, AGAIN),
    ],
    "slots of the Gantt": [
        *(entry.glyph[0] for entry in gantt.legend(palette(), "slots")),
        *(BEGIN, PLAYHEAD, EVICTED, AGAIN, " "),
    ],
    "slots by steps": [
        *(FULL, HATCH, TRACK, BEGIN, PLAYHEAD),
        *(SHADE, STALLED, AGAIN, EVICTED),
    ],
    "parts of a latency": [glyph for glyph, _ in PART_SIGNS.values()],
    "strategies": list(map(mark_of, STRATEGIES)),
    "the timeline": [*TIMELINE, *LETTERS],
    "uprights": ["│", "┊"],
    "percentiles": ["│", "┆"],
    "claims": ["✓", "✗"],
}
BESIDE_LEVELS = {
    "the timeline": TIMELINE,
    "one cell a slot": [TRACK, *STATE_GLYPHS.values()],
    "utilization": [HATCH, STALLED, "╌", PLAYHEAD, " "],
    "the queue of the Gantt": ["─", "├", PLAYHEAD, " "],
    "the KV cache of the Gantt": [TRACK, PLAYHEAD, " "],
    "distribution": ["│", "┆", " "],
}
"""What stands beside cells that are filled from below."""


@pytest.mark.parametrize("glyphs", TOLD_APART.values(), ids=TOLD_APART)
def test_states_are_told_apart_by_their_glyph_alone(glyphs: list[str]) -> None:
    distinct = set(glyphs)
    assert len({to_ascii(glyph) for glyph in distinct}) == len(distinct)


def drawn_signs(chart: type[gantt.Gantt | slots.Slots], first: str) -> set[str]:
    """The signs in the rows of requests or slots, which begin so, in window after window."""
    signs = set[str]()
    for scene in (scene_of(tight().workload), scene_of(load_workload("notebook"))):
        for shift in range(12):
            request = ChartRequest(scene, scene.end // 2, 150, 100, palette())
            rows = texts(chart(request, Viewport(zoom=3, since=0, shift=shift)).draw())
            signs |= set("".join(row for row in rows if re.match(first, row)))
    return {sign for sign in signs if not sign.isalnum()}


def test_signs_that_a_gantt_chart_draws_stay_told_apart() -> None:
    signs = drawn_signs(gantt.Gantt, r"R\d")
    assert {request_bars.EARLIER, request_bars.LATER, EVICTED, PLAYHEAD, HATCH, STALLED} <= signs
    assert to_ascii(EVICTED) == "<"
    assert len({to_ascii(sign) for sign in signs}) == len(signs)


def test_signs_that_slots_by_steps_draw_stay_told_apart() -> None:
    signs = drawn_signs(slots.Slots, r"\d")
    assert {EVICTED, HATCH, STALLED, AGAIN} <= signs
    assert len({to_ascii(sign) for sign in signs}) == len(signs)


def test_no_two_states_of_a_picture_have_one_glyph() -> None:
    for name in ("what a slot does", "parts of a latency", "strategies"):
        assert len(set(TOLD_APART[name])) == len(TOLD_APART[name])


@pytest.mark.parametrize("glyphs", BESIDE_LEVELS.values(), ids=BESIDE_LEVELS)
def test_levels_are_told_from_what_stands_beside_them(glyphs: list[str]) -> None:
    levels = to_ascii(LEVELS[1:])
    assert not {to_ascii(glyph) for glyph in glyphs} & set(levels)
    assert levels[-1] not in levels[:-2], "full is full, or the first row of a bar"
    assert [key for key, _ in itertools.groupby(levels)] == list(dict.fromkeys(levels))


def test_the_tip_of_a_bar_is_neither_full_nor_empty() -> None:
    for eighths in range(1, 8):
        filled, rest = map(to_ascii, bar(eighths / 8 / 3, 3))
        assert filled not in ("#", "."), eighths
        assert rest == ".."


@pytest.mark.parametrize("chart", ["what a slot does", "the live page", "the timeline"])
def test_the_tip_of_a_bar_means_nothing_else(chart: str) -> None:
    """Neither the bracket of a gauge nor the playhead, nor any state."""
    others = {to_ascii(sign) for sign in (*TOLD_APART[chart], "[", "]", "│", "┃")}
    assert not set(to_ascii(EIGHTHS[1:])) & others


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_any_text_becomes_ascii_of_the_same_width(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert len(plain) == sum(map(get_character_cell_size, text))


def test_lines_of_dots_keep_their_height() -> None:
    assert to_ascii("⠀⠁⠒⢀⣤⡇⣿") == " ''..::"


def test_every_sign_of_the_program_has_its_place() -> None:
    files = Path(tui_batching.__file__).parent.rglob("*")
    sources = (file.read_text() for file in files if file.suffix in (".py", ".tcss", ".yaml"))
    signs = set(re.findall(r"[^\x00-\x7f]", "".join(sources)))
    assert "▒" in signs
    assert "?" not in to_ascii("".join(signs))


def holds(stage: Stage) -> None:
    """Nothing is unknown on the screen, and no row becomes shorter."""
    for row in stage.rows():
        plain = to_ascii(row)
        assert plain.isascii()
        assert plain.count("?") == row.count("?"), row
        assert len(plain) == stage.app.size.width


@pytest.mark.parametrize("size", [(120, 36), (60, 20)])
async def test_every_view_and_dialog_becomes_ascii(size: tuple[int, int]) -> None:
    async with on_stage("notebook", size, drawing=ASCII) as stage:
        await stage.seek(3400 * MILLISECOND)
        await stage.press("j")
        for view in VIEWS:
            await stage.pilot.press(view.key)
            await stage.swept()
            holds(stage)
        for key in ("question_mark", "w", "x", "ctrl+p"):
            await stage.pilot.press(key)
            await stage.opened()
            holds(stage)
            await stage.pilot.press("escape")
            await stage.pilot.pause()


async def test_a_presentation_becomes_ascii() -> None:
    async with on_stage("notebook", (100, 30), drawing=ASCII, deck=TOUR) as s:
        holds(s)
        await s.press("pagedown")
        holds(s)


async def test_keys_are_spelled_for_arrows_are_none_in_ascii() -> None:
    # What has no key of its own is found in the palette, which has one.
    written = [name for key in KEYS if key.keys for name in key.written(ascii_only=True)]
    assert "".join(written).isascii()
    assert len(set(written)) == len(written)
    assert {"left", "shift+right", "<"} <= set(written)
    text = text_of(key_row(200, KEYS, palette(), ascii_only=True))
    assert "left/right step" in text
    async with on_stage("notebook", (120, 36), drawing=ASCII) as stage:
        assert "left/right step" in stage.rows()[-1]
        await stage.pilot.press("question_mark")
        await stage.opened()
        assert "left h" in stage.seen()


class Screen(io.StringIO):
    """A terminal, or what a shell sends to a file."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"LANG": ""}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "en_GB.utf8"}, False),
        ({"LC_CTYPE": "UTF-8", "LANG": "C"}, False),
        ({"LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"STY": "1.pts-0.host"}, True),
        ({"STY": "1.pts-0.host", "LANG": "C.UTF-8"}, False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"TERM": "screen", "LANG": "C.UTF-8"}, False),
    ],
)
def test_the_locale_and_the_terminal_choose(environment: dict[str, str], expected: bool) -> None:
    assert needs_ascii(None, Screen(), environment) is expected
    assert needs_ascii(True, Screen(), environment)
    assert not needs_ascii(False, Screen(), environment)
    assert not needs_ascii(None, Screen(terminal=False), environment), "a file takes UTF-8"


def test_an_encoding_without_the_signs_leaves_no_choice() -> None:
    for terminal in (True, False):
        assert needs_ascii(False, Screen("ascii", terminal=terminal), {"LANG": "C.UTF-8"})


def given_to_python(**environment: str) -> str:
    """What a new process finds of its locale, after Python has seen to it."""
    code = "import tui_batching.cli.terminal as a; print(a.given_environment().get('LC_CTYPE'))"
    names = " ".join(f"{name}={value}" for name, value in environment.items())
    return shell(f'env -u LC_ALL -u LC_CTYPE {names} ${{P%% *}} -c "{code}"').stdout.strip()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux remembers it")
def test_what_python_does_to_a_c_locale_is_seen_through() -> None:
    assert given_to_python(LANG="C") == "None"
    assert given_to_python(LANG="C", LC_CTYPE="C.UTF-8") == "C.UTF-8"


def test_progress_is_shown_by_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before --ascii is known everywhere, so it has no other signs anywhere."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with progress.counting("serving") as count:
        count(3, 7)
        assert eventually(lambda: "3/7" in screen.getvalue())
    with progress.reporting() as report:
        report("writing")
        assert eventually(lambda: "writing" in screen.getvalue())
    assert screen.getvalue().isascii()


COMMANDS: Collection[str] = (
    "compare illustrative",
    "capacity code-completion --slo ttft=1s --strategies static",
    "sweep batch-size illustrative --values 1 2",
    "workloads",
    *(f"chart {name} illustrative --width 90 --height 30" for name in SCENE_CHARTS),
    *(f"chart {name} illustrative --width 90" for name in TEXT_CHARTS),
    *(f"chart {name} notebook --width 90 --height 30" for name in SWEEP_CHARTS),
)


def test_every_command_that_draws_takes_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert main([*command.split(), "--ascii"]) == 0, command
        out = capsys.readouterr().out
        assert len(out.splitlines()) > 4, command
        assert out.isascii(), command
        assert "?" not in out, command


def test_the_playhead_is_no_tick_of_an_axis_and_is_seen_in_slots_and_gantt() -> None:
    scene = scene_of(load_workload("tight-memory").served_by("static", "vllm", "continuous"))
    request = ChartRequest(scene, 365 * MILLISECOND, 118, 31, palette())
    drawn = slots.Slots(request, Viewport()), gantt.Gantt(request, Viewport())
    for chart, axes in zip(drawn, (3, 1), strict=True):
        rows = [to_ascii(row) for row in texts(chart.draw())][1:]
        scales = [row for row in rows if "'" in row]
        assert len(scales) >= axes
        assert all(row.count("|") == max(1, row.count("'0")) for row in scales)
        for scale in scales:
            column = scale.index("|")
            assert sum(row[column] == "|" for row in rows) >= 4
