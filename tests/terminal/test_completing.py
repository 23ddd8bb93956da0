"""A tab in a real shell, which has the program's completion script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import shell as shell_line
from terminals import Terminal

START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    "bash": "PS1='> '",
    "zsh": "PS1='> '; autoload -U compinit; compinit -D -u",
}


@pytest.fixture(params=START)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A shell with the script, in an empty folder."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    script = tmp_path / "script"
    script.write_text(shell_line(f"$P completion {name}").stdout)
    terminal = Terminal.of(START[name], HISTFILE="")
    terminal.program.send(f'cd {tmp_path}; {SETUP[name]}; eval "$(<{script})"; clear; echo ready\r')
    terminal.wait_for(
        lambda text: [row.rstrip() for row in text.splitlines()[:2]] == ["ready", ">"]
    )
    yield terminal
    terminal.program.terminate(force=True)


TABS = [
    ("tui-batching cap", "tui-batching capacity x"),
    ("tui-batching play over", "tui-batching play overload x"),
    ("tui-batching play --theme proj", "tui-batching play --theme projector x"),
    ("tui-batching play --set batch_s", "tui-batching play --set batch_size=x"),
    ("tui-batching play --set cost=h2", "tui-batching play --set cost=h200-llama-3-8b x"),
    ("tui-batching play --set batch_size=4 timeout_", "--set batch_size=4 timeout_from=x"),
    ("tui-batching play rag --set batch_size=4 timeout=3s cost=h2", "cost=h200-llama-3-8b x"),
    ("tui-batching play --set batch_size=4 --set timeout_", "--set timeout_from=x"),
    ("tui-batching play --set batch_size=4 timeout=3s --theme proj", "--theme projector x"),
    ("tui-batching play --set batch_size=4 over", "batch_size=4 overload x"),
    ("tui-batching sweep --set batch_size=4 batch-s", "batch_size=4 batch-size x"),
    ("tui-batching play --strategies static,orc", "--strategies static,orca"),
    ("tui-batching play --theme=proj", "tui-batching play --theme=projector x"),
    ("tui-batching compare --strategies=static,sgl", "--strategies=static,sglang"),
    ("tui-batching replay --cost h2", "tui-batching replay --cost h200-llama-3-8b x"),
    ("tui-batching play scr", "tui-batching play script x"),
]
"""What is typed before a tab, and the line after it and an x."""
ERASE = "\x15"


def test_a_tab_completes(shell: Terminal) -> None:
    for typed, line in TABS:
        shell.program.send(f"{ERASE}{typed}\t")
        shell.wait_for(lambda text, line=line: line.rstrip("x").rstrip() in text)
        shell.program.send("x")  # zsh takes a tab with more behind it for pasted
        shell.wait_for(lambda text, line=line: line in text)
