"""The README says only what is true."""

import re
import shutil
from pathlib import Path

from readme import README, up_to_date
from tour import STATIC

from tui_batching.config import parse_config
from tui_batching.reading.files import data_folder
from tui_batching.tour import parse_deck
from tui_batching.tui.bindings import KEYS
from tui_batching.tui.keymap import remapped
from tui_batching.tui.views import view_parts
from tui_batching.workload import parse_workload


def test_keys_and_outputs_are_what_the_program_says() -> None:
    text = README.read_text()
    assert up_to_date(text) == text, "run python -m tests.readme"


def test_every_workload_shown_is_valid(tmp_path: Path) -> None:
    rows = (f"2023-11-16 18:{k // 60:02}:{k % 60:02}.0000000,5,2000\n" for k in range(3600))
    head = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    (tmp_path / "azure-conversation.csv").write_text(head + "".join(rows))
    blocks = [block for block in yaml_blocks() if not re.search("chapters:|keys:", block)]
    counts = [len(parse_workload(block, "README.md", tmp_path).requests) for block in blocks]
    assert counts == [200, 3, 300, 120]


def test_the_deck_shown_is_valid() -> None:
    (block,) = (block for block in yaml_blocks() if "chapters:" in block)
    deck = parse_deck(block, README, view_parts(), KEYS.signs())
    assert (len(deck.talk), deck.backup) == (3, 1)


def test_the_chapter_that_is_recorded_as_static_is_that_of_static_batching() -> None:
    texts = (
        README.read_text(),
        (README.parent / "tui_batching/cli/commands/record.py").read_text(),
    )
    for text in texts:
        (number,) = re.findall(r"--chapter (\d+) .*-o static.cast", text)
        assert number == str(STATIC)


def test_the_config_shown_is_valid(tmp_path: Path) -> None:
    (block,) = (block for block in yaml_blocks() if "keys:" in block)
    (tmp_path / "my-themes").mkdir()
    shutil.copy(data_folder("themes") / "light.yaml", tmp_path / "my-themes")
    config = parse_config(block, tmp_path / "config.yaml")
    assert (config.theme, config.speed) == ("light", 1)
    assert config.keys is not None
    keys = remapped(KEYS, config.keys)
    assert [keys.called(name).keys for name in ("step", "new-seed", "cost")] == ["right,n", "N", ""]


def yaml_blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README.read_text())
    assert len(pictures) == 9
    assert all((README.parent / picture).stat().st_size > 10_000 for picture in pictures)
