"""The config file: what it sets, what wins over it, and how its mistakes are told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import complaint
from stage import on_stage

from tui_batching.__main__ import main
from tui_batching.cli import terminal
from tui_batching.config import Config, default_config_file, load_config, parse_config
from tui_batching.errors import InputError
from tui_batching.reading.files import data_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's config, empty at first."""
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path)
    return tmp_path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configs that apps were opened with, in place of the apps."""
    configs: list[Config] = []

    def note(_: object, config: Config, *__: Any, **___: Any) -> int:
        configs.append(config)
        return 0

    monkeypatch.setattr(terminal, "_is_terminal", lambda stream: True)
    monkeypatch.setattr("tui_batching.tui.app.run_app", note)
    monkeypatch.setattr("tui_batching.tui.app.present", note)
    monkeypatch.setattr("tui_batching.tui.presenting.notes.run_notes", note)
    return configs


def copied(theme: str, folder: Path, name: str) -> None:
    """A theme of one's own."""
    folder.mkdir(exist_ok=True)
    shutil.copy(data_folder("themes") / f"{theme}.yaml", folder / f"{name}.yaml")


OPENERS = [[], ["play"], ["play", "chat"], ["present"], ["present", "--notes"]]


@pytest.mark.parametrize("arguments", OPENERS, ids=" ".join)
def test_whatever_opens_the_screen_follows_the_users_config(
    arguments: list[str], home: Path, opened: list[Config]
) -> None:
    default_config_file().write_text("theme: light\nspeed: 4\n")
    assert main(arguments) == 0
    [config] = opened
    assert (config.theme, config.speed) == ("light", 4)


@pytest.mark.parametrize("arguments", OPENERS[1:], ids=" ".join)
def test_options_win_over_the_file_and_a_named_file_over_the_usual_one(
    arguments: list[str], home: Path, opened: list[Config], tmp_path: Path
) -> None:
    default_config_file().write_text("theme: light\nspeed: 4\n")
    named = tmp_path / "other.yaml"
    named.write_text("theme: projector\n")
    assert main([*arguments, "--config", str(named)]) == 0
    assert main([*arguments, "--theme", "high-contrast"]) == 0
    assert [(config.theme, config.speed) for config in opened] == [
        ("projector", None),
        ("high-contrast", 4),
    ]


def test_without_a_file_all_is_as_the_program_has_it(home: Path, opened: list[Config]) -> None:
    assert main([]) == 0
    assert opened == [Config()]


@pytest.mark.parametrize("text", ["", "\n", "# theme: light\n  # and more\n"])
def test_a_file_of_comments_says_nothing(text: str) -> None:
    assert parse_config(text, Path("config.yaml")) == Config()


def test_charts_wear_the_theme_of_the_config(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    def printed(*arguments: str) -> str:
        assert main(["chart", "gantt", "illustrative", "--width", "80", *arguments]) == 0
        return capsys.readouterr().out

    dark, light = printed(), printed("--theme", "light")
    assert dark != light
    default_config_file().write_text("theme: light")
    assert printed() == light
    assert printed("--theme", "dark") == dark


def test_a_file_in_place_of_the_folder_of_themes_is_told(tmp_path: Path) -> None:
    (tmp_path / "paper.yaml").touch()
    with pytest.raises(InputError, match=r"themes: .*paper\.yaml: found a file, expected a folder"):
        parse_config("themes: paper.yaml", tmp_path / "config.yaml")


def test_themes_of_ones_own_come_after_the_bundled_ones_or_in_place_of_them(tmp_path: Path) -> None:
    copied("light", tmp_path / "my-themes", "paper")
    copied("projector", tmp_path / "my-themes", "dark")
    bundled = Config().palettes
    config = parse_config("themes: my-themes\ntheme: paper", tmp_path / "config.yaml")
    assert list(config.palettes) == [*bundled, "paper"]
    assert config.palettes["paper"].written == bundled["light"].written
    assert config.palettes["dark"].written == bundled["projector"].written
    assert config.theme == "paper"


def test_a_folder_may_be_that_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    copied("light", tmp_path / "mine", "paper")
    assert "paper" in parse_config("themes: ~/mine", Path("elsewhere/config.yaml")).palettes


async def test_the_app_wears_and_offers_ones_own_theme_at_ones_own_speed(tmp_path: Path) -> None:
    copied("light", tmp_path, "paper")
    config = parse_config("{themes: ., theme: paper, speed: 2}", tmp_path / "config.yaml")
    async with on_stage(config=config) as stage:
        assert stage.app.theme == "paper"
        assert "2x" in stage.rows()[0]
        commands = {command.title for command in stage.app.get_system_commands(stage.live)}
        assert "Theme paper" in commands


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("theme: lihgt", "1: theme: found 'lihgt', expected one of dark, "),
        ("\ntheme: [dark]", "2: theme: found a list, expected one of dark, "),
        ("theme: lihgt", "(did you mean 'light'?)"),
        ("them: dark", "1: found the unknown key 'them', expected one of theme, themes, "),
        ("speed: 0", "1: speed: found 0, expected a number > 0"),
        ("speed: 262145", "1: speed: found 262145, expected a number <= 262144"),
        ("speed: fast", "1: speed: found 'fast', expected a number > 0"),
        (
            "theme: dark\nthemes: nowhere",
            "2: themes: nowhere: found no such folder, expected a folder of themes",
        ),
        ("themes: ~nobody-is-called-so/x", "1: themes: found '~nobody-is-called-so/x', expected"),
        ("[theme]", "1: found a list, expected a mapping with theme, themes, speed, keys"),
        ("theme: 'dark", "1: found broken YAML"),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as told:
        parse_config(text, Path("config.yaml"))
    assert sentence in str(told.value)
    assert re.match(r"config\.yaml:\d", str(told.value))


def test_a_mistake_in_a_theme_is_told_with_both_places(tmp_path: Path) -> None:
    copied("light", tmp_path, "paper")
    with (tmp_path / "paper.yaml").open("a") as file:
        file.write("colour: red\n")
    (tmp_path / "mine").mkdir()
    config = tmp_path / "mine" / "config.yaml"
    config.write_text(f"themes: {tmp_path}")
    with pytest.raises(InputError) as told:
        load_config(config)
    assert str(told.value).startswith(f"{config}:1: themes: {tmp_path / 'paper.yaml'}:")


def test_a_named_file_has_to_be_there(
    opened: list[Config], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none.yaml")
    sentence = f"{missing}: found no such file, expected a YAML file"
    for command in ("play", "present", "chart gantt"):
        assert complaint(capsys, *command.split(), "--config", missing) == sentence
    assert not opened


def test_a_broken_usual_file_stops_the_app_with_its_place(
    home: Path, opened: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    default_config_file().write_text("theme: dark\nspeed: [1]\n")
    assert complaint(capsys).startswith(f"{home / 'config.yaml'}:2: speed: found a list")
    assert not opened


def test_the_usual_file_is_in_the_users_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    assert default_config_file().parts[-2:] == ("tui-batching", "config.yaml")
