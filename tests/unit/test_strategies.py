"""One registry of strategies: a made-up one is found wherever strategies are, by one line."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from command_line import printed_json, printed_rows
from made_up_engine import MadeUp
from stage import on_stage

import tui_batching
from tui_batching.__main__ import main
from tui_batching.analysis.claims import CHECKS
from tui_batching.charts.gallery import CHARTS
from tui_batching.charts.palette import load_palettes
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.strategies import DEFAULT_STRATEGIES, STRATEGIES
from tui_batching.workload import Workload, apply_settings, load_workload

NAME = MadeUp.about.name
MARK = MadeUp.about.mark


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, NAME, MadeUp)


@pytest.fixture
def workload() -> Workload:
    """The notebook's requests with it in the last lane; a prompt makes the first token."""
    notebook = load_workload("notebook")
    cost = LinearCost(first_token="prefill")
    return replace(notebook, cost=cost, strategies=(*DEFAULT_STRATEGIES, MadeUp(pool=300)))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\n"
        "cost: {linear: {first_token: prefill}}\n"
        "requests: {generate: {count: 12, arrivals: {poisson: {rate: 3}}, "
        "input_tokens: {uniform: [20, 200]}, "
        "output_tokens: {uniform: [10, 80]}}}\n"
        "strategies: {static: {}, made-up: {seats: 3, pool: 400}}\n"
    )
    return str(path)


@pytest.mark.parametrize("kind", STRATEGIES.values(), ids=STRATEGIES)
def test_every_strategy_tells_what_there_is_to_know(kind: type) -> None:
    about = kind.about
    assert STRATEGIES[about.name] is kind
    assert about.lesson.idea
    own = [field.name for field in fields(kind) if field.name != "tag"]
    assert set(about.lesson.claims) <= set(CHECKS)
    assert [parameter.name for parameter in about.parameters] == own
    marks = [other.about.mark for other in STRATEGIES.values()]
    assert marks.count(about.mark) == 1


@pytest.mark.parametrize("kind", STRATEGIES.values(), ids=STRATEGIES)
def test_every_theme_has_a_colour_for_it(kind: type) -> None:
    for palette in load_palettes().values():
        assert palette.strategy(kind.about.name) is not None


def test_workload_files_and_settings_know_it(file: str) -> None:
    mine = load_workload(file)
    assert mine.strategies[1] == MadeUp(seats=3, pool=400)
    assert apply_settings(mine, ["made-up.pool=500"]).strategies[1] == MadeUp(seats=3, pool=500)
    assert apply_settings(mine, ["budget=64"]).strategies[1] == MadeUp(3, 64, 400)
    with pytest.raises(InputError, match=r"made-up.seats=0: found 0, expected a whole number"):
        apply_settings(mine, ["made-up.seats=0"])
    with pytest.raises(InputError, match="budget: found 0, expected a whole number >= 1"):
        MadeUp(budget=0)


def test_the_command_line_tells_of_it_everywhere(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    table = printed("compare", file)
    assert NAME in table
    assert "seats" in table
    chosen = ("--strategies", f"{NAME},static")
    told = printed_json(capsys, "compare", file, *chosen, "--json")["runs"]
    assert [run["strategy"] for run in told] == [NAME, "static"]
    assert told[0]["parameters"] == {"seats": 3, "budget": 512, "pool": 400, "skips": 0}
    rows = printed_rows(capsys, "compare", file, "--csv", "-")
    assert [row["strategy"] for row in rows] == ["static", NAME]
    assert [row["pool"] for row in rows] == ["", "400"]
    printed("report", file, "-o", str(tmp_path / "report.md"))
    assert NAME in (tmp_path / "report.md").read_text()
    printed("trace", file, "-o", str(tmp_path / "trace.json"))
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    processes = [e["args"]["name"] for e in events if e.get("name") == "process_name"]
    assert any(process.startswith(NAME) for process in processes)
    for chart in CHARTS:
        drawn = printed("chart", chart, file, "--width", "120")
        assert NAME.upper() in drawn or f"{MARK} {NAME}" in drawn or MARK in drawn, chart


def test_the_listing_tells_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategies"]) == 0
    listed = capsys.readouterr().out
    assert NAME in listed
    assert re.search(r"^ +pool\b", listed, re.MULTILINE)


async def test_the_app_shows_it_in_a_lane_and_in_every_view(workload: Workload) -> None:
    async with on_stage(workload, (160, 45)) as stage:
        assert NAME.upper() in stage.seen()
        for view in "234567890":
            await stage.press(view)
            await stage.swept()
            shown = stage.seen()
            assert NAME.upper() in shown or f"{MARK} {NAME}" in shown, view


def test_nothing_else_in_the_house_names_one() -> None:
    """Sentences may speak of static batching; code may not ask whether something is it."""
    package = Path(tui_batching.__file__).parent
    homes = (package / "strategies", package / "__init__.py")
    for file in package.rglob("*.py"):
        if any(file.is_relative_to(home) for home in homes):
            continue
        text = file.read_text()
        for kind in DEFAULT_STRATEGIES:
            assert f'"{kind.name}"' not in text, file
            imported = f"import {type(kind).__name__}"
            assert f"strategies {imported}" not in text, file
