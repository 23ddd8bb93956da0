"""Finding and opening workload files, by path or by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from workload_texts import CHAT

from tui_batching.errors import InputError
from tui_batching.workload import load_workload, parse_workload


def test_a_path_is_read(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + CHAT.encode())
    assert load_workload(path) == load_workload(str(path)) == parse_workload(CHAT, "chat.yaml")


def test_errors_name_the_file(tmp_path: Path):
    path = tmp_path / "mine.yml"
    path.write_text("requests: 5")
    with pytest.raises(InputError) as error:
        load_workload(path)
    assert str(error.value).startswith(f"{path}:1: requests: found 5, expected")


def test_bytes_that_are_not_utf8(tmp_path: Path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: x\ndescription: caf\xe9\n")
    with pytest.raises(InputError) as error:
        load_workload(path)
    assert str(error.value) == f"{path}:2: found bytes that are not UTF-8, expected UTF-8 text"


def test_what_cannot_be_read(tmp_path: Path):
    missing = tmp_path / "missing.yaml"
    for path, sentence in (
        (missing, f"{missing}: found no such file, expected a YAML file"),
        (tmp_path, f"{tmp_path}: found a folder, expected a YAML file"),
        ("x\x1b/\0.yaml", r"x\x1b/\x00.yaml: cannot be read ("),
        (f"{tmp_path}/{'a' * 5000}", "cannot be read (File name too long)"),
    ):
        with pytest.raises(InputError) as error:
            load_workload(path)
        assert sentence in str(error.value)


def test_an_unknown_name_lists_the_bundled_ones():
    with pytest.raises(InputError) as error:
        load_workload("chatt")
    assert str(error.value) == (
        "found no workload called 'chatt', expected a file (*.yaml or a trace) or one of "
        "notebook, illustrative, mixed-lengths, chat, code-completion, rag, equal-lengths, bursty, "
        "summarize-burst, overload, notebook-load, notebook-batch-size, notebook-large, "
        "long-prompt, tight-memory, asks-too-much, rule-by-rule, system-prompt, conversation, "
        "cache-thrash, engines, "
        "anyscale-32, anyscale-128, anyscale-512, anyscale-1536 "
        "(did you mean 'chat'?)"
    )


def test_a_name_without_folder_is_not_looked_for_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "chat").write_text("broken")
    monkeypatch.chdir(tmp_path)
    assert load_workload("chat").name == "chat"
