"""The colour themes: legible, told apart, complete, and clear about mistakes."""

from __future__ import annotations

import colorsys
import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from stage import on_stage
from textual.app import App

from tui_batching.charts.palette import (
    DEFAULT_THEME,
    REQUEST_COLOURS,
    STATES,
    STRATEGY_COLOURS,
    Palette,
    load_palettes,
    own_names,
    read_palette,
)
from tui_batching.charts.rows import HATCH, RESERVED, STALLED
from tui_batching.clock import SECOND
from tui_batching.columns import FloatArray
from tui_batching.config import Config
from tui_batching.errors import InputError
from tui_batching.reading.files import data_folder
from tui_batching.sim.life import State
from tui_batching.strategies import STRATEGIES
from tui_batching.tui.presenting.sheet import Sheet
from tui_batching.tui.themes import textual_theme
from tui_batching.tui.views import VIEWS

PALETTES = load_palettes()
THEMES = {name: textual_theme(palette) for name, palette in PALETTES.items()}
NAMES = ["dark", "ansi-16", "colour-blind-safe", "high-contrast", "light", "projector", "terminal"]
OF_UNKNOWN_GROUND = "terminal"
"""Its colours are measured as two schemes have them: a dark one, and a light one."""

GROUNDS = {"background", "surface", "panel", "selection-ground", "bar-track"}
GROUNDS |= {"state-held-ground", "state-stalled"}

# The defaults of xterm (XTerm-col.ad), for what has no value of its own.
XTERM = dict(
    zip(
        ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"],
        ["#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"],
        strict=True,
    )
) | {
    "bright_black": "#7f7f7f",
    "bright_red": "#ff0000",
    "bright_green": "#00ff00",
    "bright_yellow": "#ffff00",
    "bright_blue": "#5c5cff",
    "bright_magenta": "#ff00ff",
    "bright_cyan": "#00ffff",
    "bright_white": "#ffffff",
}

# The profile "Basic" of macOS's Terminal, black on white.
MACOS = dict(
    zip(
        XTERM,
        [
            *(
                "#000000",
                "#990000",
                "#00a600",
                "#999900",
                "#0000b2",
                "#b200b2",
                "#00a6b2",
                "#bfbfbf",
            ),
            *(
                "#666666",
                "#e50000",
                "#00d900",
                "#e5e500",
                "#0000ff",
                "#e500e5",
                "#00e5e5",
                "#e5e5e5",
            ),
        ],
        strict=True,
    )
)
SCHEMES = (
    {"text": "#e5e5e5", "ground": "#000000", **XTERM},
    {"text": "#000000", "ground": "#ffffff", **MACOS},
)

# How a linear RGB colour is seen without red- or green-sensitive cones: Machado, Oliveira and
# Fernandes, "A physiologically-based model for simulation of color vision deficiency", IEEE TVCG
# 15(6), 2009, severity 1.0.
VISION = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "normal": np.eye(3).tolist(),
}

# Oklab (B. Ottosson, 2020): distances in it are close to perceived ones; black to white is 1.
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_OKLAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def linear(colour: Color) -> FloatArray:
    """The colour's share of red, green and blue light."""
    name = XTERM.get(colour.name)
    share = np.array((Color.parse(name) if name else colour).get_truecolor()) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(colour: Color) -> float:
    """How much light there is in a colour, from 0 to 1."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def distance(one: Color, other: Color, vision: str = "normal") -> float:
    """How different two colours look."""
    points = []
    for colour in (one, other):
        seen = np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1)
        points.append(np.array(TO_OKLAB) @ np.cbrt(np.array(TO_CONES) @ seen))
    return float(np.linalg.norm(points[0] - points[1]))


# CIELAB with the white D65, in which ΔE76 is the plain distance; black to white is 100.
TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]
TO_LAB = [[0, 116, 0], [500, -500, 0], [0, 200, -200]]


def delta_e76(one: Color, other: Color) -> float:
    """How different two colours are by the formula of 1976."""
    points = []
    for colour in (one, other):
        share = np.array(TO_XYZ) @ linear(colour) / [0.95047, 1, 1.08883]
        root = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
        points.append(np.array(TO_LAB) @ root)
    return float(np.linalg.norm(points[0] - points[1]))


def palette(name: str) -> Palette:
    return PALETTES[name]


def grounds(of: Palette) -> list[Color]:
    return [of.background, of.surface, of.panel, of.selection_ground]


def test_the_measures_are_right() -> None:
    black, white, red = (Color.parse(text) for text in ("#000000", "#ffffff", "#ff0000"))
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(white, red) == pytest.approx(3.998, abs=0.001)
    assert distance(black, white) == pytest.approx(1, abs=1e-3)
    assert delta_e76(black, white) == pytest.approx(100, abs=0.1)
    assert delta_e76(*map(Color.parse, ("#d59843", "#f0b060"))) == pytest.approx(9.5, abs=0.1)
    olive = Color.parse("#6d5f00")
    assert distance(red, olive) > 5 * distance(red, olive, "protanopia")


def test_the_themes_are_there_with_the_default_first() -> None:
    assert list(THEMES) == NAMES
    assert NAMES[0] == DEFAULT_THEME
    assert [name for name in NAMES if not THEMES[name].dark] == ["light", "projector"]
    assert [name for name in NAMES if THEMES[name].ansi] == ["ansi-16", "terminal"]


def with_256_colours(of: Palette) -> Palette:
    """The palette as a terminal without true colour shows it."""
    eight_bit = {name: c.downgrade(ColorSystem.EIGHT_BIT) for name, c in of.colours.items()}
    return replace(of, written={name: c.get_truecolor().hex for name, c in eight_bit.items()})


def in_scheme(of: Palette, scheme: dict[str, str]) -> Palette:
    """The palette as a terminal with these colours shows it."""

    def seen(name: str, written: str) -> str:
        own = "ground" if name in GROUNDS else "text"
        return scheme[own if written == "ansi_default" else written.removeprefix("ansi_")]

    return replace(of, written={name: seen(name, text) for name, text in of.written.items()})


def shown(name: str) -> list[Palette]:
    """The palette in true colour and in 256 colours; the 16 are what they are."""
    if name == OF_UNKNOWN_GROUND:
        return [in_scheme(palette(name), scheme) for scheme in SCHEMES]
    return (
        [palette(name)] if THEMES[name].ansi else [palette(name), with_256_colours(palette(name))]
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != OF_UNKNOWN_GROUND])
def test_with_16_colours_everything_is_still_seen(name: str) -> None:
    numbers = {
        key: (c if THEMES[name].ansi else c.downgrade(ColorSystem.STANDARD)).number or 0
        for key, c in palette(name).colours.items()
    }
    shades = {key: Color.parse(list(XTERM.values())[each]) for key, each in numbers.items()}
    for ground in ("background", "surface", "panel", "selection-ground"):
        assert contrast(shades["text"], shades[ground]) >= 4.0, ground
        assert contrast(shades["muted"], shades[ground]) >= 3.0, ground
        inks = numbers.keys() - GROUNDS
        assert all(numbers[ink] != numbers[ground] for ink in inks), ground


@pytest.mark.parametrize("name", NAMES)
def test_text_can_be_read(name: str) -> None:
    least = 7.0 if name in ("high-contrast", "projector") else 4.5
    for of in shown(name):
        for text, ground in itertools.product((of.text, of.muted), grounds(of)):
            assert contrast(text, ground) >= least, (text, ground)


@pytest.mark.parametrize(("name", "of"), [(name, of) for name in NAMES for of in shown(name)])
def test_colours_stand_out_from_every_ground(name: str, of: Palette) -> None:
    single = {"accent", "playhead", "selection"}
    signs = {"state-work", "state-prefill", "state-held"}
    names = single | signs | {n for n in own_names() if n.startswith(("strat", "requ"))}
    assert len(names) == len(single) + len(signs) + STRATEGY_COLOURS + REQUEST_COLOURS
    least = 2.9 if name == OF_UNKNOWN_GROUND else 3.0  # macOS's cyan is on white as pale as that
    for colour, ground in itertools.product(sorted(names), grounds(of)):
        assert contrast(of.colours[colour], ground) >= least, (colour, ground)


@pytest.mark.parametrize("name", NAMES)
def test_a_bar_stands_out_from_its_track_and_the_track_from_the_ground(name: str) -> None:
    of = palette(name)
    fills = [of.work, *(of.request(number) for number in range(REQUEST_COLOURS))]
    if not THEMES[name].ansi:  # its only grey is a middle one; the fill is a solid block there, too
        assert min(contrast(fill, of.bar_track) for fill in fills) >= 2.2
    assert contrast(of.bar_track, of.surface) >= 1.25


def hue(colour: Color) -> float:
    """The place of a colour on the wheel, in degrees."""
    name = XTERM.get(colour.name)
    red, green, blue = (Color.parse(name) if name else colour).get_truecolor()
    return 360 * colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_strategy_has_the_hue_of_held_or_of_work(name: str) -> None:
    of = palette(name)
    for strategy, state in itertools.product(range(STRATEGY_COLOURS), (of.work, of.held)):
        apart = abs(hue(of.colours[f"strategy-{strategy}"]) - hue(state))
        assert min(apart, 360 - apart) >= 25, (strategy, state)


@pytest.mark.parametrize(("name", "of"), [(name, of) for name in NAMES for of in shown(name)])
def test_the_bubble_has_more_contrast_to_the_ground_than_any_other_state(
    name: str, of: Palette
) -> None:
    others = [of.colours[f"state-{state}"] for state in ("work", "prefill", "stalled")]
    others.append(of.ground(State.PREFILL, of.surface))
    if not THEMES[name].ansi:  # of 16 those without a hue are left for requests
        others += [of.request(number) for number in range(REQUEST_COLOURS)]
    held = contrast(of.held, of.surface)
    if name != OF_UNKNOWN_GROUND:  # of red and blue the one stands out on black, the other on white
        assert held >= max(contrast(other, of.surface) for other in others), name
    assert contrast(of.held, of.ground(State.HELD, of.surface)) >= 3.0
    assert contrast(of.state(State.STALLED), of.stopped) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_strategies_and_neighbouring_requests_are_told_apart(name: str) -> None:
    """The 16 colours do not suffice for all strategies at once; their marks are letters."""
    of = palette(name)
    count = {"ansi-16": 8, OF_UNKNOWN_GROUND: 5}.get(name, STRATEGY_COLOURS)
    least = 0.1 if name != "colour-blind-safe" else 0.05
    for one, other in itertools.combinations(range(count), 2):
        pair = of.colours[f"strategy-{one}"], of.colours[f"strategy-{other}"]
        assert distance(*pair) >= (0.13 if other < 4 else least), (one, other)
    requests = [of.request(number) for number in range(REQUEST_COLOURS)]
    assert len(set(requests)) == (2 if THEMES[name].ansi else REQUEST_COLOURS)
    assert min(distance(a, b) for a, b in itertools.pairwise([*requests, requests[0]])) >= 0.1


TAGGED = ("", "@8192", "@512", "@2048", "@32")
"""A strategy alone, and one for each shade of its colour."""


@pytest.mark.parametrize("name", [name for name in NAMES if not THEMES[name].ansi])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_several_of_a_kind_can_be_read_and_are_told_apart(name: str, strategy: str) -> None:
    of = palette(name)
    shades = [of.strategy(f"{strategy}{tag}") for tag in TAGGED]
    for shade, ground in itertools.product(shades, (of.background, of.surface, of.panel)):
        assert contrast(shade, ground) >= 4.5, (shade, ground)
    assert min(distance(a, b) for a, b in itertools.combinations(shades, 2)) >= 0.04


@pytest.mark.parametrize("name", NAMES)
def test_no_request_has_the_colour_of_a_strategy_or_of_a_state(name: str) -> None:
    """Of 16 colours those without a hue are left for requests."""
    of = palette(name)
    strategies = [of.colours[f"strategy-{number}"] for number in range(STRATEGY_COLOURS)]
    requests = [of.request(number) for number in range(REQUEST_COLOURS)]
    for request, other in itertools.product(requests, [*strategies, of.work, of.held]):
        assert distance(request, other) >= 0.06, (request, other)
    for request, other in itertools.product(requests, [*strategies, of.work, of.held, of.stopped]):
        assert THEMES[name].ansi or delta_e76(request, other) >= 20, (request, other)


@pytest.mark.parametrize("vision", ["deuteranopia", "protanopia"])
def test_strategies_are_told_apart_without_seeing_red_or_green(vision: str) -> None:
    of = palette("colour-blind-safe")
    for one, other in itertools.combinations(range(STRATEGY_COLOURS), 2):
        pair = of.colours[f"strategy-{one}"], of.colours[f"strategy-{other}"]
        assert distance(*pair, vision) >= (0.12 if other < 4 else 0.05), (one, other)


INKED = {HATCH: 0.5, STALLED: 0.3, RESERVED: 0.25}
"""About how much of its cell each sign covers that large letters are made of."""


@pytest.mark.parametrize("name", [name for name in NAMES if name != OF_UNKNOWN_GROUND])
def test_large_letters_of_what_is_reserved_are_as_strong_as_others(name: str) -> None:
    of = palette(name)
    strong, looks = {}, {}
    for cell in Sheet(3, of).big("".join(INKED), 3):
        ink, ground = cell.style.color, cell.style.bgcolor
        assert ink is not None
        assert ground is not None
        share = INKED[cell.text]
        light = share * luminance(ink) + (1 - share) * luminance(ground)
        dark, bright = sorted((light, luminance(of.panel)))
        strong[cell.text] = (bright + 0.05) / (dark + 0.05)
        looks[cell.text] = ink, ground
    assert strong[RESERVED] >= min(strong[HATCH], strong[STALLED]), strong
    ink, ground = looks[RESERVED]
    assert contrast(ink, ground) >= 1.8, "its texture is seen"
    assert contrast(ground, of.panel) >= 2.5, "and its letters do not fall apart"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_slot_does_is_told_apart(name: str) -> None:
    """Of 16 colours prefill has that of work; it is a shade, and work is solid."""
    of = palette(name)
    slots = [of.work, of.held, of.stopped] + [of.state(State.PREFILL)] * (not THEMES[name].ansi)
    assert min(distance(a, b) for a, b in itertools.combinations(slots, 2)) >= 0.1


@pytest.mark.parametrize("name", NAMES)
def test_where_a_prompt_is_read_looks_neither_free_nor_stalled_from_afar(name: str) -> None:
    of = palette(name)
    ground = of.ground(State.PREFILL, of.surface)
    if THEMES[name].ansi:  # its colours cannot be mixed
        assert ground == of.surface
        return
    in_256 = Color.from_triplet(ground.downgrade(ColorSystem.EIGHT_BIT).get_truecolor())
    assert distance(ground, of.surface) >= 0.07, "of 256 colours there may be none between"
    for seen, drawn, least in zip(shown(name), (ground, in_256), (0.07, 0.05), strict=True):
        for other in (seen.stopped, seen.held_ground, seen.work):
            assert distance(drawn, other) >= least, other
        assert contrast(seen.text, drawn) >= 4.5, "a name is written on it"
        assert contrast(seen.state(State.PREFILL), drawn) >= 3.0


@pytest.mark.parametrize("vision", ["deuteranopia", "protanopia"])
def test_the_bubble_is_told_from_work_without_seeing_red_or_green(vision: str) -> None:
    of = palette("colour-blind-safe")
    assert distance(of.held, of.work, vision) >= 0.15


def test_every_file_has_the_same_keys_in_the_same_order() -> None:
    keys = {
        name: re.findall(r"(?m)^ *(\w+):", (data_folder("themes") / f"{name}.yaml").read_text())
        for name in NAMES
    }
    assert all(found == keys["dark"] for found in keys.values())


def test_every_theme_has_the_same_variables() -> None:
    names = {frozenset(theme.variables) for theme in THEMES.values()}
    assert len(names) == 1
    assert set(own_names()) < set(names.pop())


def test_a_request_keeps_its_colour_and_palettes_can_be_keys() -> None:
    of = palette("dark")
    assert of.request(3) == of.request(3 + REQUEST_COLOURS) != of.request(4)
    assert {of: 1}[palette("dark")] == 1
    assert of != palette("light")
    assert of.strategy("static") == of.colours["strategy-0"]
    assert palette("ansi-16").state(State.HELD) == Color.parse("bright_red")


def test_the_file_format_is_told_in_the_default_theme() -> None:
    head = (data_folder("themes") / "dark.yaml").read_text().partition("description:")[0]
    words = set(re.findall(r"\w+", head))
    assert {*STATES, "strategies", "states", "requests", "bar_track", "selection_ground"} <= words


@pytest.mark.parametrize("name", NAMES)
async def test_textual_takes_every_theme(name: str) -> None:
    class Themed(App[None]):
        CSS = "Screen { background: $state-held; color: $request-7; border: solid $bar-track; }"

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return THEMES[DEFAULT_THEME].variables

    app = Themed()
    for theme in THEMES.values():
        app.register_theme(theme)
    app.theme = name
    async with app.run_test() as pilot:
        await pilot.pause()
        ground = app.screen.styles.background
        assert Color.parse(ground.hex.removeprefix("ansi_")) == palette(name).state(State.HELD)


def test_the_terminals_own_ground_stays_beneath_everything() -> None:
    of = palette(OF_UNKNOWN_GROUND)
    grounds = (of.background, of.surface, of.panel, of.selection_ground)
    assert all(ground.is_default for ground in grounds)
    assert of.ground(State.HELD, of.surface).is_default
    never = {"black", "white", "bright_white", "bright_yellow", "bright_cyan", "bright_green"}
    assert not never & {colour.name for colour in of.colours.values()}, "unseen on some grounds"


async def test_no_cell_of_the_app_has_another_ground() -> None:
    async with on_stage(size=(160, 45), config=Config(theme=OF_UNKNOWN_GROUND)) as stage:
        await stage.seek(3 * SECOND)
        for view in VIEWS:
            await stage.press(view.key)
            await stage.swept()
            strips = stage.app.screen._compositor.render_strips()
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            grounds = {style.bgcolor.name for style in styles if style.bgcolor}
            assert grounds <= {"default", "bright_red", "bright_blue"}, view


def changed(folder: Path, find: str, put: str) -> Path:
    text = (data_folder("themes") / "dark.yaml").read_text()
    assert find in text
    path = folder / "mine.yaml"
    path.write_text(text.replace(find, put, 1))
    return path


@pytest.mark.parametrize(
    ("find", "put", "sentence"),
    [
        ('held: "#ff857a"', "held: reddish", "states.held: found 'reddish', expected a colour"),
        ('held: "#ff857a"', "held: #eb8186", "states.held: found '', expected a colour in quotes"),
        ('held: "#ff857a"', 'held: "#eb818"', "states.held: found '#eb818', expected a colour"),
        ('held: "#ff857a"', "held: [1]", "states.held: found a list, expected a colour"),
        ('held: "#ff857a"', "held: ansi_red", "states.held: found 'ansi_red', expected a colour"),
        ('held: "#ff857a"', 'hold: "#eb8186"', "found the unknown key 'hold', expected one of"),
        ('  - "#4bb681"\n', "", "requests: found 7, expected 8 colours"),
        ('muted: "#949eae"\n', "", "muted: found nothing, expected a colour"),
        ('background: "#12151b"', "background: ansi_black", "surface: found '#171b23', expected"),
        ("description: Calm", "description: [Calm]\nx: ", "found the unknown key 'x'"),
    ],
)
def test_mistakes_are_told_with_file_line_key_found_and_expected(
    tmp_path: Path, find: str, put: str, sentence: str
) -> None:
    with pytest.raises(InputError) as told:
        read_palette(changed(tmp_path, find, put))
    assert sentence in str(told.value)
    assert re.match(re.escape(str(tmp_path / "mine.yaml")) + r":\d+: ", str(told.value))


def test_a_folder_of_one_s_own_can_be_loaded(tmp_path: Path) -> None:
    changed(tmp_path, "Calm", "Calmer")
    assert list(load_palettes(tmp_path)) == ["mine"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no themes"):
        load_palettes(tmp_path / "empty")
