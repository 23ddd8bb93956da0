"""Whatever a name leads to, reading it ends, and ends in a sentence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from command_line import complaint, shell
from stage import on_stage
from textual.widgets import Input

from tui_batching.__main__ import main
from tui_batching.errors import InputError
from tui_batching.workload import load_workload

COLUMNS = "arrival_time,input_tokens,output_tokens\n"
PLAIN = COLUMNS + "0,3,4\n1,2,2\n"
YAML = "requests:\n- {arrival_time: 0, input_tokens: 3, output_tokens: 4}\n"
EACH_KIND = pytest.mark.parametrize("ending", [".yaml", ".csv", ".json", ".csv.gz"])


@EACH_KIND
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str, device: str
) -> None:
    link = tmp_path / f"link{ending}"
    link.symlink_to(device)
    assert "found a device or a pipe, expected a" in complaint(capsys, "validate", str(link))


@EACH_KIND
def test_a_pipe_without_a_writer_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    pipe = tmp_path / f"pipe{ending}"
    os.mkfifo(pipe)
    assert "found a device or a pipe, expected a" in complaint(capsys, "compare", str(pipe))


@EACH_KIND
def test_a_folder_and_a_link_to_itself_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    folder, loop = tmp_path / f"folder{ending}", tmp_path / f"loop{ending}"
    folder.mkdir()
    loop.symlink_to(loop)
    assert "found a folder, expected a" in complaint(capsys, "validate", str(folder))
    assert "symbolic links), expected a" in complaint(capsys, "validate", str(loop))


@pytest.mark.parametrize("command", ["validate", "compare"])
@pytest.mark.parametrize("name", ["", "n" * 5000, "/" + "n" * 5000, "n" * 300 + ".csv", "\udcff"])
def test_a_name_that_no_file_can_have_is_told(
    capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    assert "expected a" in complaint(capsys, command, name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_another_encoding_than_utf_8_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    for name, text in (("a.csv", PLAIN), ("a.yaml", YAML)):
        (tmp_path / name).write_bytes(f"{text}# é".encode(encoding))
        assert f"{name}:" in complaint(capsys, "validate", str(tmp_path / name))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_byte_order_marks_and_line_ends_do_not_matter(
    tmp_path: Path, mark: bytes, line_end: str
) -> None:
    for name, text in (("a.csv", PLAIN), ("a.yaml", YAML)):
        (tmp_path / name).write_bytes(mark + text.replace("\n", line_end).encode())
        assert load_workload(tmp_path / name).requests.output_tokens[0] == 4


@pytest.mark.parametrize("content", [COLUMNS, '{"requests": ['], ids=["csv", "json"])
def test_a_few_bytes_that_unpack_to_gigabytes_are_not_unpacked(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "bomb.csv.gz"
    member = gzip.compress(bytes(2**24), compresslevel=1)
    file.write_bytes(gzip.compress(content.encode()) + member * 70)
    done = shell(f"ulimit -v 1000000; OPENBLAS_NUM_THREADS=1 $P validate {file}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_line_of_ten_million_characters_is_told(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(COLUMNS + "0,3," + "4" * 10_000_000)
    with pytest.raises(InputError, match=r"long\.csv:2: output_tokens: found '444"):
        load_workload(file).source.make_requests()


def test_an_empty_name_is_no_workload(capsys: pytest.CaptureFixture[str]) -> None:
    assert "found no workload called ''" in complaint(capsys, "compare", "")
    assert main(["compare"]) == 0


async def test_a_device_picked_in_the_app_is_told_and_the_app_goes_on() -> None:
    async with on_stage() as stage:
        await stage.press("w", "tab")
        stage.app.screen.query_one(Input).value = "/dev/zero"
        await stage.press("enter")
        assert "found a device or a pipe" in stage.seen()
        await stage.press("escape", "end")
        assert stage.clock > 0
