"""Where a presentation is: told whole, in a folder of the user's own, and not believed blindly."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tui_batching.errors import InputError
from tui_batching.tour.presentation import (
    Presentation,
    presentation_file,
    read_presentation,
    remove_presentation,
    write_presentation,
)

HERE = Presentation(os.getpid(), 2, 1000.5, 1030.25)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where there is no session's folder, as over ssh: the folder for temporary files."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"tui-batching-{os.getuid()}"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "place.json"
    assert read_presentation(file) is None
    for place in (HERE, Presentation(os.getpid(), 3, 1000.5, 1040.0, black=True)):
        write_presentation(file, place)
        assert read_presentation(file) == place
        assert [path.name for path in tmp_path.iterdir()] == ["place.json"]


def test_it_is_in_the_folder_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert presentation_file(Path("a.yaml")).parent == tmp_path / "tui-batching"


@pytest.mark.parametrize("session", ["", "relative", "/no/such/folder"])
def test_without_one_it_is_in_a_folder_that_is_closed_to_others(
    folder: Path, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", session)
    assert presentation_file(Path("a.yaml")).parent == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_decks_do_not_mix(folder: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    (tmp_path / "link.yaml").symlink_to(one)
    assert presentation_file(one) != presentation_file(other)
    assert presentation_file(one) == presentation_file(tmp_path / "link.yaml")


def test_a_link_in_place_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    folder.symlink_to(target)
    with pytest.raises(InputError, match="expected a folder of yours alone"):
        presentation_file(Path("a.yaml"))
    assert list(target.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        presentation_file(Path("a.yaml"))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o755])
def test_a_folder_that_others_can_reach_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(InputError, match="expected a folder of yours alone"):
        presentation_file(Path("a.yaml"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(InputError, match="expected a folder of yours alone"):
        presentation_file(Path("a.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"process": 1, "chapter": 0}',
        '{"process": "1", "chapter": 0, "started": 0, "turned": 0, "black": false}',
        '{"process": 0, "chapter": 0, "started": 0, "turned": 0, "black": false}',
        '{"process": -1, "chapter": 0, "started": 0, "turned": 0, "black": false}',
        '{"process": 1, "chapter": true, "started": 0, "turned": 0, "black": false}',
        '{"process": 1, "chapter": -1, "started": 0, "turned": 0, "black": false}',
        '{"process": 1, "chapter": 0, "started": null, "turned": 0, "black": false}',
        '{"process": 1, "chapter": 0, "started": "x", "turned": 0, "black": false}',
        '{"process": 1, "chapter": 0, "started": NaN, "turned": 0, "black": false}',
        '{"process": 1, "chapter": 0, "started": 0, "turned": Infinity, "black": false}',
        '{"process": 9999999999999, "chapter": 0, "started": 0, "turned": 0, "black": false}',
        '{"process": 1, "chapter": 0, "started": 0, "turned": 0, "black": false, "more": 1}',
        "[" * 5000,
        "\udcff",
        '{"process": 1, "chapter": 0, "started": 0, "turned": 0, "black": 2}',
    ],
    ids=lambda text: text[:60],
)
def test_what_this_program_has_not_written_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "place.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match="found no place of a presentation"):
        read_presentation(file)


def test_only_the_own_place_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "place.json"
    remove_presentation(file)
    other = Presentation(1, 0, 0.0, 0.0)
    write_presentation(file, other)
    remove_presentation(file)
    assert read_presentation(file) == other
    write_presentation(file, HERE)
    remove_presentation(file)
    assert read_presentation(file) is None


def test_a_process_that_is_gone_is_not_live() -> None:
    assert HERE.is_live
    assert Presentation(1, 0, 0.0, 0.0).is_live  # somebody else's, maybe
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert not Presentation(ended.pid, 0, 0.0, 0.0).is_live


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_presentation(tmp_path / "missing" / "place.json", HERE)
