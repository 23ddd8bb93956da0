"""Whatever a trace is called and however it is packed, it is found and read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from stage import on_stage
from textual.widgets import Input
from traces import AZURE_2023, BLIS, PLAIN, READ, refusal, rows, written

from tui_batching.workload import load_workload, path_of_text

EXPECTED = READ["plain"][1]
ENDINGS = ("csv", "CSV", "tsv", "txt", "json", "jsonl", "ndjson", "Csv.GZ", "zst", "parquet")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_content_tells_the_format_whatever_the_ending(tmp_path: Path, ending: str):
    workload = load_workload(written(tmp_path, PLAIN, f"t.{ending}"))
    assert (workload.name, rows(workload)) == ("t", EXPECTED)


def test_a_file_that_is_there_is_never_an_unknown_workload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, PLAIN, "T.CSV")
    assert rows(load_workload("T.CSV")) == EXPECTED
    written(tmp_path, "requests: [{arrival_time: 0, input_tokens: 1, output_tokens: 1}]", "plan")
    assert rows(load_workload("plan")) == [(0, 1, 1)]
    for name in ("log.dat", "traffic"):
        written(tmp_path, PLAIN, name)
        assert (load_workload(name).name, rows(load_workload(name))) == (name, EXPECTED)
    written(tmp_path, "requests: 5", "notebook")
    assert len(load_workload("notebook").requests) == 20  # a bundled name goes first
    assert "found no workload called" in refusal("x" * 5000)


def test_zstandard(tmp_path: Path):
    zstandard = pytest.importorskip("zstandard")
    text = "arrival_time,input_tokens,output_tokens\n" + "1,2,3\n" * 300_000
    packed = zstandard.ZstdCompressor().compress(text.encode())
    shares: list[float] = []
    source = load_workload(written(tmp_path, packed, "t.csv.zst")).source
    assert len(source.make_requests(shares.append)) == 300_000
    path = written(tmp_path, packed[:-9], "t.csv.zst")
    assert refusal(path).startswith(f"{path}: found damaged zstd data (")


def test_parquet(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    csv = pytest.importorskip("pyarrow.csv")
    for text, expected in ((AZURE_2023, READ["azure 2023"][1]), (BLIS, READ["blis"][1])):
        table = csv.read_csv(pyarrow.BufferReader(text.replace("9600,", "9,").encode()))
        table = table.append_column("nested", pyarrow.array([[1]] * len(table)))
        path = tmp_path / "t.parquet"
        parquet.write_table(table, path)
        assert [row[1:] for row in rows(load_workload(path))] == [row[1:] for row in expected]
    content = path.read_bytes()
    assert "found a damaged Parquet file (" in refusal(written(tmp_path, content[:-8], path.name))


@pytest.mark.parametrize(
    ("start", "package"), [(b"\x28\xb5\x2f\xfd", "zstandard"), (b"PAR1", "pyarrow")]
)
def test_what_needs_a_package_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes, package: str
):
    monkeypatch.setitem(sys.modules, package, None)
    path = written(tmp_path, start + b"0" * 20)
    assert refusal(path).endswith(
        f"expected the package {package} to read it: pip install 'tui-batching[traces]'"
    )


def test_a_path_as_people_type_and_paste_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/me")
    for text, path in {
        " t.csv ": "t.csv",
        "~/t.csv": "/home/me/t.csv",
        "'/a b/t.csv'": "/a b/t.csv",
        '"~/t.csv"': "/home/me/t.csv",
        "file:///a%20b/t.csv": "/a b/t.csv",
        "'": "'",
        "~nobody-here/t.csv": "~nobody-here/t.csv",
    }.items():
        assert path_of_text(text) == path


async def test_the_picker_takes_a_pasted_path(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN, "my trace.CSV")
    async with on_stage() as stage:
        await stage.press("w")
        field = stage.app.screen.query_one(Input)
        field.focus()
        field.value = f"file://{os.fspath(path).replace(' ', '%20')}"
        await stage.press("enter")
        await stage.settled()
        assert "my trace · 3 requests" in stage.rows()[0]


async def test_a_file_that_is_no_trace_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n")
    async with on_stage() as stage:
        before = stage.scene
        await stage.press("w")
        field = stage.app.screen.query_one(Input)
        field.focus()
        field.value = str(path)
        await stage.press("enter")
        await stage.settled()
        assert "expected the columns or keys of one of csv" in stage.notices[0]
        assert stage.scene is before
