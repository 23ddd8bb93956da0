"""What a user prefers whatever is opened: the config file, `config.yaml` unless another is named.

    theme: light            a bundled theme, or one of one's own
    themes: ~/my-themes     a folder of themes of one's own, looked for beside this file
    speed: 0.5              simulated seconds a second to start with, up to 262144
    keys:                   other keys, by the ids of the README's table
      step: [right, s]
      new-seed: none        found in the command palette alone

Every key may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import platformdirs

from tui_batching.charts.palette import Palette, load_palettes
from tui_batching.errors import did_you_mean, one_of
from tui_batching.reading.fields import Field, read_yaml
from tui_batching.reading.files import read_text
from tui_batching.tour.deck import FASTEST

_KEYS = ("theme", "themes", "speed", "keys")


@dataclass(frozen=True)
class Config:
    """What a user prefers; without a file all is as the program has it.

    Attributes:
        palettes: every theme by name, those of the user after the bundled ones.
        theme: the name of one; None leaves it to the terminal's colours.
        speed: simulated seconds a second to start with, or None.
        keys: the keymap, which the app reads with its table of keys, or None.
    """

    palettes: Mapping[str, Palette] = field(default_factory=load_palettes)
    theme: str | None = None
    speed: float | None = None
    keys: Field | None = None

    def wearing(self, theme: str) -> Config:
        """The same with another theme, as `--theme` asks for it.

        Raises:
            InputError: if there is no theme called so.
        """
        return replace(self, theme=_read_theme(self.palettes, Field.of_text(theme, "--theme")))


def default_config_file() -> Path:
    """Where the config file is looked for: in the user's folder for such files."""
    return platformdirs.user_config_path("tui-batching", appauthor=False) / "config.yaml"


def load_config(path: Path | None = None) -> Config:
    """Read a config file.

    Args:
        path: the file; None for the usual one, which need not be there.

    Raises:
        InputError: if the file, or a theme in the folder it names, is not as expected, or if there
            is no such file.
    """
    file = default_config_file() if path is None else path
    if path is None and not _is_there(file):
        return Config()
    return parse_config(read_text(file), file)


def parse_config(text: str, path: Path) -> Config:
    """Read a config from YAML text; one with nothing but comments says nothing.

    Args:
        text: the YAML text.
        path: the file's path: errors start with it, and themes are looked for beside it.

    Raises:
        InputError: if the text, or a theme in the folder it names, is not as expected.
    """
    if all(line.lstrip()[:1] in ("", "#") for line in text.splitlines()):
        return Config()
    record = read_yaml(text, str(path)).mapping(_KEYS)
    palettes = load_palettes()
    if "themes" in record.fields:
        palettes |= _read_themes(path.parent, record["themes"])
    return Config(
        palettes,
        theme=record.read("theme", partial(_read_theme, palettes), None),
        speed=record.read("speed", partial(Field.decimal, above=0, most=FASTEST), None),
        keys=record.fields.get("keys"),
    )


def _is_there(path: Path) -> bool:
    """Whether there is something at the path; what may not be looked at is as good as absent."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def _read_themes(folder: Path, field: Field) -> dict[str, Palette]:
    """The themes in a folder; unlike other paths this one may lead anywhere, as it is one's own."""
    try:
        own = folder / Path(field.text()).expanduser()
    except RuntimeError:
        raise field.error("the folder of a user that there is") from None
    with field.placing_errors():
        return load_palettes(own)


def _read_theme(palettes: Mapping[str, Palette], field: Field) -> str:
    name = field.written
    if name not in palettes:
        raise field.error(one_of(palettes) + did_you_mean(name, palettes))
    return name
