"""`compare --csv`: what is in it, and how the file is written."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import complaint, printed_rows

from tui_batching.__main__ import main
from tui_batching.analysis.breakdown import PARTS
from tui_batching.analysis.request_columns import REQUEST_COLUMNS


def test_csv_has_a_row_a_strategy(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "metrics.csv"
    assert main(["compare", "--csv", str(file)]) == 0
    assert "continuous" in capsys.readouterr().out
    rows = list(csv.DictReader(file.open(newline="")))
    assert [row["strategy"] for row in rows] == ["static", "dynamic", "continuous"]
    assert [row["timeout"] for row in rows] == ["", "0.5", ""]
    assert rows[0]["avg_wait"] == "2.4297"
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.csv"]


def test_csv_has_a_row_a_request_and_strategy(capsys: pytest.CaptureFixture[str]):
    rows = printed_rows(capsys, "compare", "--requests", "--csv", "-")
    assert len(rows) == 60
    assert tuple(rows[0]) == ("strategy", *REQUEST_COLUMNS)
    for row in rows:
        latency = Decimal(row["end_time"]) - Decimal(row["arrival_time"])
        assert sum(Decimal(row[part]) for part in PARTS) == latency


def test_csv_replaces_a_file_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "metrics.csv"
    file.write_text("precious")
    assert "--force" in complaint(capsys, "compare", "--csv", str(file))
    assert file.read_text() == "precious"
    assert main(["compare", "--csv", str(file), "--force"]) == 0
    assert file.read_text().startswith("strategy,")


def test_csv_follows_a_link(tmp_path: Path):
    file, link = tmp_path / "metrics.csv", tmp_path / "link.csv"
    file.write_text("old")
    link.symlink_to(file)
    assert main(["compare", "--csv", str(link), "--force"]) == 0
    assert link.is_symlink()
    assert file.read_text().startswith("strategy,")


def test_csv_never_replaces_a_device_or_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for target in (os.devnull, str(tmp_path)):
        sentence = complaint(capsys, "compare", "--csv", target, "--force")
        assert "found a folder or a device" in sentence


def test_csv_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sentence = complaint(capsys, "compare", "--csv", str(tmp_path / "nowhere" / "metrics.csv"))
    assert "cannot be written (No such file or directory)" in sentence


def test_csv_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui_batching.export.json_and_csv.write_comparison_csv", fail)
    sentence = complaint(capsys, "compare", "--csv", str(tmp_path / "metrics.csv"), code=1)
    assert "No space left on device" in sentence
    assert list(tmp_path.iterdir()) == []
