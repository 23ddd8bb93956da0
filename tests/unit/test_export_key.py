"""The export key: what is saved, under which name, and what is told of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Barrier, Thread
from xml.etree import ElementTree as ET

import pytest
from stage import MS, Stage, hand_made, on_stage
from textual.widgets import OptionList

from tui_batching.__main__ import main
from tui_batching.export import json_and_csv
from tui_batching.tui.exports import EXPORTS, Export, save
from tui_batching.workload import Workload

PICTURE, METRICS_CSV, METRICS_JSON, REQUESTS_CSV, TRACE = EXPORTS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def export(stage: Stage, chosen: Export) -> str:
    """Choose what to save, and what is told then."""
    await stage.press("x")
    options = stage.app.screen.query_one(OptionList)
    assert [options.get_option_at_index(n).prompt for n in range(options.option_count)] == [
        one.label for one in EXPORTS
    ]
    options.highlighted = EXPORTS.index(chosen)
    stage.app.clear_notifications()
    await stage.press("enter")
    await stage.until(lambda: len(stage.notices) > 0)
    assert stage.app.screen is stage.live
    return stage.notices[0]


def picture_text(file: Path) -> str:
    """All words of an SVG, in one line."""
    root = ET.parse(file).getroot()
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize(
    ("chosen", "name", "arguments"),
    [
        (METRICS_CSV, "chat-metrics.csv", ["compare", "--csv"]),
        (REQUESTS_CSV, "chat-requests.csv", ["compare", "--requests", "--csv"]),
        (TRACE, "chat-trace.json", ["trace", "-o"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_files_are_those_of_the_command_line(
    folder: Path, chosen: Export, name: str, arguments: list[str]
) -> None:
    async with on_stage("chat") as stage:
        await stage.press("right_square_bracket")
        assert await export(stage, chosen) == f"saved {folder / name}"
    assert main([*arguments, "expected", "chat", "--set", "batch_size=5"]) == 0
    assert (folder / name).read_text() == (folder / "expected").read_text()


async def test_the_metrics_are_saved_as_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with on_stage() as stage:
        await export(stage, METRICS_JSON)
    assert main(["compare", "--json"]) == 0
    saved = json.loads((folder / "notebook-metrics.json").read_text())
    assert saved == json.loads(capsys.readouterr().out)


async def test_the_picture_shows_the_view_and_nothing_above_it(folder: Path) -> None:
    async with on_stage() as stage:
        await stage.seek(3482 * MS)
        await export(stage, METRICS_CSV)
        await export(stage, PICTURE)
    words = picture_text(folder / "notebook-live-3.482s.svg")
    assert "tui-batching" in words
    assert {"STATIC", "DYNAMIC", "CONTINUOUS"} <= set(words.split())
    assert "saved" not in words
    assert "escape closes" not in words


async def test_nothing_is_overwritten(folder: Path) -> None:
    async with on_stage() as stage:
        for _ in range(3):
            await export(stage, METRICS_CSV)
    names = {"notebook-metrics.csv", "notebook-metrics-2.csv", "notebook-metrics-3.csv"}
    assert {entry.name for entry in folder.iterdir()} == names
    assert len({(folder / name).read_text() for name in names}) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/[b]x[/b] :star:", "etc-b-x-b-star-metrics.csv"),
        ("Ärger, 日本", "Ärger-日本-metrics.csv"),
        ("..", "workload-metrics.csv"),
        ("x" * 300, "x" * 60 + "-metrics.csv"),
    ],
)
async def test_any_name_of_a_workload_makes_a_file_here(
    folder: Path, name: str, expected: str
) -> None:
    workload = hand_made((0, 1, 1))
    named = Workload(name, workload.source, cost=workload.cost, strategies=workload.strategies)
    async with on_stage(named) as stage:
        await export(stage, METRICS_CSV)
    assert [entry.name for entry in folder.iterdir()] == [expected]


@pytest.mark.parametrize("chosen", [PICTURE, REQUESTS_CSV], ids=lambda one: one.ending)
async def test_a_folder_that_cannot_be_written_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, chosen: Export
) -> None:
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    async with on_stage() as stage:
        assert "cannot be written (No such file or directory)" in await export(stage, chosen)
        await stage.press("right")
        assert stage.clock > 0
    os.chdir(folder)


async def test_a_full_disk_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_batching.export.json_and_csv.request_records", fail)
    async with on_stage() as stage:
        assert "(No space left on device)" in await export(stage, REQUESTS_CSV)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("key", ["escape", "x"])
async def test_the_dialog_closes_and_nothing_is_saved(folder: Path, key: str) -> None:
    async with on_stage() as stage:
        await stage.press("x", key)
        assert stage.app.screen is stage.live
        assert stage.notices == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
async def test_exports_that_race_for_a_name_do_not_replace_one_another(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    links: bool,
) -> None:
    if not links:

        def fail(*_: object) -> None:
            raise OSError

        monkeypatch.setattr(Path, "hardlink_to", fail)
    async with on_stage("notebook") as stage:
        frame = stage.live.frame
    assert frame is not None
    racers, saved = 4, []
    together = Barrier(racers)
    write = json_and_csv.write_comparison_csv

    def write_together(*arguments: object, **options: object) -> None:
        together.wait()  # all have chosen the same name by now, and write it at once
        monkeypatch.setattr(json_and_csv, "write_comparison_csv", write)
        write(*arguments, **options)

    monkeypatch.setattr(json_and_csv, "write_comparison_csv", write_together)
    threads = [
        Thread(target=lambda: saved.append(save(METRICS_CSV, frame, "live", "")))
        for _ in range(racers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    names = [f"notebook-metrics{number}.csv" for number in ("", "-2", "-3", "-4")]
    assert sorted(file.name for file in saved) == sorted(names)
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(names)
    assert len({file.read_text(encoding="utf-8") for file in saved}) == 1
