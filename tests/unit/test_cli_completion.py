"""What shells complete, asked of the shells themselves; see also `terminal/test_completing`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tui_batching.__main__ import main
from tui_batching.charts.palette import load_palettes
from tui_batching.cli.main import program_parser
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import bundled_profiles, bundled_workloads

SHELLS = ("bash", "zsh", "fish")
IN_BASH = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tui_batching 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Calls the function as bash would, of whose `compopt` there is nothing to be seen so."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scripts, each in a file."""
    folder = tmp_path_factory.mktemp("completion")
    with pytest.MonkeyPatch.context() as patch:
        for shell in SHELLS:
            with (folder / shell).open("w") as file:
                patch.setattr("sys.stdout", file)
                assert main(["completion", shell]) == 0
    return {shell: folder / shell for shell in SHELLS}


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


def told(script: Path, *command: str) -> list[str]:
    """What a shell prints, in the folder of the script, where fish may keep what it keeps."""
    folder, own = script.parent, {"XDG_CONFIG_HOME": str(script.parent)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=os.environ | own, check=True
    )
    assert not done.stderr
    return done.stdout.splitlines()


def completed(shell: str, script: Path, line: str) -> list[str]:
    """What a shell offers at the end of a line, in a folder with a file."""
    needs(shell)
    (script.parent / "mine.yaml").touch()
    if shell == "bash":  # which parts words at an equals sign
        words = line.replace("=", " = ").split(" ")
        words = words[:-1] if words[-2:] == ["=", ""] else words
        return told(script, "bash", "-c", IN_BASH, "bash", str(script), *words)
    ask = f"source {script}; complete -C '{line}'"
    return [row.partition("\t")[0] for row in told(script, "fish", "-c", ask)]


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tui-batching cap", ["capacity"]),
        ("tui-batching play rag", ["rag"]),
        ("tui-batching compare mi", ["mixed-lengths", "mine.yaml"]),
        ("tui-batching workloads export over", ["overload"]),
        ("tui-batching play --theme proj", ["projector"]),
        ("tui-batching present --theme colour", ["colour-blind-safe"]),
        ("tui-batching play --config mi", ["mine.yaml"]),
        ("tui-batching present mi", ["mine.yaml"]),
        ("tui-batching play --set timeout_", ["timeout_from="]),
        ("tui-batching play --set batch_size=4 timeout_", ["timeout_from="]),
        ("tui-batching play rag --set batch_size=4 timeout=3s workload.ra", ["workload.rate="]),
        ("tui-batching play --set batch_size=4 --set timeout_", ["timeout_from="]),
        ("tui-batching play --set=batch_size=4 timeout_", ["timeout_from="]),
        ("tui-batching play --set batch_size=4 timeout=3s --theme proj", ["projector"]),
        ("tui-batching play --set batch_size=4 --theme dark ra", ["rag"]),
        ("tui-batching replay log --set batch_size=2 max_num_b", ["max_num_batched_tokens="]),
        ("tui-batching play --strategies or", ["orca"]),
        ("tui-batching play --strategies static,orc", ["static,orca"]),
        ("tui-batching compare --strategy tensor", ["tensorrt-llm"]),
        ("tui-batching slow", ["slowest"]),
        ("tui-batching play chat --set batch_size=8 --the", ["--theme"]),
        ("tui-batching play --set batch_size=8 timeout=1s --the", ["--theme"]),
        ("tui-batching play --set batch_size=8 over", ["overload"]),
        ("tui-batching play --set batch_size=8 mi", ["mixed-lengths", "mine.yaml"]),
        ("tui-batching compare --set batch_size=8 workload.bus", ["workload.busiest="]),
        ("tui-batching compare --set=batch_size=8 workload.bus", ["workload.busiest="]),
        ("tui-batching sweep --set batch_size=8 batch-s", ["batch-size"]),
        ("tui-batching compare --set batch_size=2 cost=toy illus", ["illustrative"]),
        ("tui-batching compare --set=batch_size=2 cost=toy illus", ["illustrative"]),
        ("tui-batching chart gantt --set batch_size=2 cost=toy illus", ["illustrative"]),
        ("tui-batching sweep load --set batch_size=2 cost=toy illus", ["illustrative"]),
        (
            "tui-batching workloads export --set workload.count=2 workload.seed=3 illus",
            ["illustrative"],
        ),
        ("tui-batching chart --set batch_size=2 cost=toy gan", ["gantt"]),
        ("tui-batching chart --set batch_size=2 timeout=1s cost=toy gan", ["gantt"]),
        ("tui-batching play --set batch_size=8 --theme proj", ["projector"]),
        ("tui-batching slowest --by e2", ["e2el"]),
        ("tui-batching compare --breakdown mean,p99-tt", ["mean,p99-ttft"]),
        ("tui-batching sweep batch-s", ["batch-size"]),
        ("tui-batching chart fron", ["frontier"]),
        ("tui-batching chart frontier rag", ["rag"]),
        ("tui-batching completion z", ["zsh"]),
        ("tui-batching report --out", ["--output"]),
        ("tui-batching calibrate mi", ["mine.yaml"]),
        ("tui-batching replay mi", ["mine.yaml"]),
        ("tui-batching replay --contents mi", ["mine.yaml"]),
        ("tui-batching replay --engine sgl", ["sglang"]),
    ],
)
def test_it_completes(shell: str, scripts: dict[str, Path], line: str, offered: list[str]) -> None:
    assert completed(shell, scripts[shell], line) == offered


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ("tui-batching replay --cost h2", "h200-llama-3-8b"),
        ("tui-batching replay --cost mi", "mine.yaml"),
        ("tui-batching play --theme=proj", "projector"),
        ("tui-batching play --theme=dark ra", "rag"),
        ("tui-batching compare --strategies=static,sgl", "static,sglang"),
        ("tui-batching play --set=cost=h2", "h200-llama-3-8b"),
        ("tui-batching compare --set batch_size=8 cost=h2", "h200-llama-3-8b"),
        ("tui-batching compare chat --set batch_size=8 timeout=1s cost=h2", "h200-llama-3-8b"),
        ("tui-batching play rag --set batch_size=4 cost=h2", "h200-llama-3-8b"),
    ],
)
def test_it_completes_behind_an_equals_sign(
    shell: str, scripts: dict[str, Path], line: str, ending: str
) -> None:
    """Bash puts what is offered behind the sign, fish in place of the whole word."""
    (found,) = completed(shell, scripts[shell], line)
    assert found.rpartition("=")[2] == ending


def test_all_themes_are_offered_right_behind_the_equals_sign(scripts: dict[str, Path]) -> None:
    found = completed("bash", scripts["bash"], "tui-batching play --theme=")
    assert set(found) == set(load_palettes())


def test_a_profile_is_completed_after_cost(scripts: dict[str, Path]) -> None:
    line = "tui-batching play --set cost="
    assert completed("bash", scripts["bash"], line) == [*bundled_profiles()]
    assert completed("bash", scripts["bash"], f"{line}h2") == ["h200-llama-3-8b"]
    assert completed("bash", scripts["bash"], "tui-batching play --set batch_size=") == [""]


def test_a_profile_is_completed_after_cost_in_fish(scripts: dict[str, Path]) -> None:
    found = completed("fish", scripts["fish"], "tui-batching play --set cost=h2")
    assert found == ["cost=h200-llama-3-8b"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_name_is_there_and_the_script_is_sound(shell: str, scripts: dict[str, Path]) -> None:
    script = scripts[shell].read_text()
    for names in (bundled_workloads(), bundled_profiles(), load_palettes(), STRATEGIES):
        assert all(name in script for name in names)
    needs(shell)
    assert told(scripts[shell], shell, "-n", str(scripts[shell])) == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_command_is_described_by_whole_words(shell: str, scripts: dict[str, Path]) -> None:
    script = scripts[shell].read_text()
    for words in (
        "print the slowest requests, where their time went, and why",
        "list the formats of traces, and how one is read",
        "record the app as a cast, without a terminal",
    ):
        assert f"'{words}'" in script


def test_no_description_ends_within_its_brackets(scripts: dict[str, Path]) -> None:
    script = scripts["fish"].read_text().replace("'\"'\"'", "’")
    told = re.findall(r" -d '([^']*)'", script)
    assert len(told) > 100
    assert [text for text in told if text.count("(") != text.count(")")] == []


def test_to_complete_names_does_not_make_them_choices() -> None:
    """The script is made of a parser of its own: files can still be given."""
    assert main(["completion", "bash"]) == 0
    assert program_parser().parse_args(["play", "my.yaml"]).workload == "my.yaml"
