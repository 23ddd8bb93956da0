"""Files are whole or not there at all, whatever comes in between."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CHECKOUT, PROGRAM, complaint

from tui_batching.__main__ import main
from tui_batching.errors import InputError, UnwrittenError
from tui_batching.output_files import written_whole

EACH_COMMAND = pytest.mark.parametrize(
    "command",
    [
        ("trace", "illustrative", "-o"),
        ("report", "illustrative", "-o"),
        ("workloads", "export", "illustrative", "-o"),
        ("compare", "illustrative", "--csv"),
        ("sweep", "timeout", "illustrative", "--csv"),
    ],
    ids=" ".join,
)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system on which a file has one name."""

    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", fail)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 16 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder))
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(("umount", str(folder)), check=True)


@EACH_COMMAND
def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    file = tmp_path / "output"
    sync = os.fsync

    def somebody_else_writes(number: int) -> None:
        file.write_text("precious")
        sync(number)

    monkeypatch.setattr(os, "fsync", somebody_else_writes)
    assert "found a file, expected a new one" in complaint(capsys, *command, str(file))
    assert file.read_text() == "precious"
    assert names(tmp_path) == ["output"]


@EACH_COMMAND
def test_an_existing_file_is_replaced_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    file = tmp_path / "output"
    file.write_text("precious")
    assert "--force" in complaint(capsys, *command, str(file))
    assert file.read_text() == "precious"
    assert main([*command, str(file), "--force"]) == 0
    assert file.read_text(encoding="utf-8") != "precious"
    assert names(tmp_path) == ["output"]


def test_without_hard_links_a_new_file_is_whole_too(tmp_path: Path, no_links: None) -> None:
    with written_whole(tmp_path / "new") as out:
        out.write("whole")
        assert "new" not in names(tmp_path)
    assert (tmp_path / "new").read_text() == "whole"
    with pytest.raises(InputError, match="found a file"), written_whole(tmp_path / "new") as out:
        out.write("other")
    assert (tmp_path / "new").read_text() == "whole"
    assert names(tmp_path) == ["new"]


def test_without_hard_links_a_name_that_cannot_be_filled_is_given_back(
    tmp_path: Path, no_links: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="Input/output error"), written_whole(tmp_path / "new"):
        pass
    assert names(tmp_path) == []


def half_written(path: Path, interruption: type[BaseException], *, replace: bool) -> None:
    with written_whole(path, replace=replace) as out:
        out.write("half")
        raise interruption


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("replace", [True, False])
def test_what_ends_the_work_in_the_middle_leaves_nothing(
    tmp_path: Path, interruption: type[BaseException], replace: bool
) -> None:
    file = tmp_path / "old"
    file.write_text("precious")
    for name in ("old", "new"):
        with pytest.raises(interruption):
            half_written(tmp_path / name, interruption, replace=replace)
    assert names(tmp_path) == ["old"]
    assert file.read_text() == "precious"


@EACH_COMMAND
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tiny_disk: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (tiny_disk / "filler").write_bytes(bytes(4096 * 3))
    (tiny_disk / "precious").write_bytes(b"precious")
    for name, more in (("new", ()), ("precious", ("--force",))):
        sentence = complaint(capsys, *command, str(tiny_disk / name), *more, code=1)
        assert "cannot be written (No space left on device)" in sentence
    assert (tiny_disk / "precious").read_bytes() == b"precious"
    assert names(tiny_disk) == ["filler", "precious"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("length", [1, 100_000])
def test_a_full_disk_is_no_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """It is told while there is much to write, or else only as the file is finished."""
    monkeypatch.setattr(Path, "open", lambda *_, **__: open("/dev/full", "w"))  # noqa: PTH123, SIM115
    with (
        pytest.raises(UnwrittenError, match="No space left on device"),
        written_whole(tmp_path / "output") as out,
    ):
        out.write("x" * length)


@EACH_COMMAND
def test_a_folder_that_is_not_there_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    sentence = complaint(capsys, *command, str(tmp_path / "nowhere" / "output"), code=2)
    assert "cannot be written (No such file or directory)" in sentence


@EACH_COMMAND
def test_a_name_that_cannot_be_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert "File name too long" in complaint(capsys, *command, str(tmp_path / ("n" * 300)))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert str(loop) in complaint(capsys, *command, str(loop))
    assert names(tmp_path) == ["loop"]


def test_the_longest_name_there_may_be_can_be_written(tmp_path: Path) -> None:
    with written_whole(tmp_path / ("n" * 255)) as out:
        out.write("whole")
    assert names(tmp_path) == ["n" * 255]


@EACH_COMMAND
def test_a_folder_that_is_not_ours_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    folder = tmp_path
    if os.geteuid() == 0:  # root writes to any folder but those of the kernel
        folder = Path("/sys")
        if not folder.is_mount():
            pytest.skip("only Linux has such folders")
    tmp_path.chmod(0o500)
    assert "cannot be written (" in complaint(capsys, *command, str(folder / "new"))


@EACH_COMMAND
def test_a_link_is_followed_to_a_file_and_no_farther(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (tmp_path / "to-folder").symlink_to(tmp_path)
    (tmp_path / "to-device").symlink_to("/dev/full")
    (tmp_path / "to-nothing").symlink_to("new")
    for name in ("to-folder", "to-device"):
        told = complaint(capsys, *command, str(tmp_path / name), "--force")
        assert "found a folder or a device" in told
    assert main([*command, str(tmp_path / "to-nothing")]) == 0
    assert (tmp_path / "to-nothing").is_symlink()
    assert names(tmp_path) == ["new", "to-device", "to-folder", "to-nothing"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_leaves_nothing(tmp_path: Path, ending: signal.Signals) -> None:
    count = "workload.count=200000"
    command = (*PROGRAM, "trace", "overload", "--set", count, "-o", str(tmp_path / "out"))
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL),  # noqa: PLW1509 - may be ignored
    )
    while not names(tmp_path) and process.poll() is None:
        pass
    process.send_signal(ending)
    assert process.wait(30) == 128 + ending
    assert names(tmp_path) == []
