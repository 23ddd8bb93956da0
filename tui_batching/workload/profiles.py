"""Reading `cost:`, a model written out or a profile by its name, and the bundled profiles.

A profile is a YAML file that says what an iteration costs on one accelerator; those beside the
bundled workloads go by their names, others by their paths:

    description: the accelerator and the model it serves
    source: who measured or computed it
    batch: [1, 256]         # where it holds; so do context, and tokens of an iteration
    mean_error: 0.03        # and max_error, as shares
    kernels_only: true      # what the host does between two of them is not in it
    cost: {affine: {...}}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tui_batching.cost import COSTS, Cost, Profile
from tui_batching.errors import InputError, did_you_mean, one_of
from tui_batching.printable import name_of, quoted
from tui_batching.reading.fields import Field, Reader, read_yaml
from tui_batching.reading.files import data_folder, read_text

DEFAULT_PROFILE = "textbook"
_ENDINGS = (".yaml", ".yml")


def bundled_profiles() -> dict[str, Path]:
    """The bundled profiles' files by name, the default one first."""
    files = sorted((data_folder("workloads") / "profiles").glob("*.yaml"))
    return {name_of(path): path for path in sorted(files, key=lambda p: p.stem != DEFAULT_PROFILE)}


def load_profile(name: str) -> Cost:
    """What an iteration costs by the bundled profile called `name`.

    Raises:
        InputError: if there is none.
    """
    files = bundled_profiles()
    if name not in files:
        raise InputError(
            f"found no profile called {quoted(name)}, expected {one_of(files)}"
            f"{did_you_mean(name, files)}"
        )
    return parse_profile(read_text(files[name]), str(files[name]), name)


def parse_profile(text: str, where: str, name: str) -> Cost:
    """Read a profile from YAML text.

    Raises:
        InputError: if the text is not as expected; errors start with `where`, the file's name.
    """
    record = read_yaml(text, where).mapping((*_PROFILE_READERS, "cost"))
    optional = (key for key in _LIMIT_READERS if key in record.fields)
    values: Any = {key: _PROFILE_READERS[key](record[key]) for key in (*_TEXTS, *optional)}
    return replace(_read_model(record["cost"]), profile=Profile(name, **values))


def read_cost(field: Field, folder: Path) -> Cost:
    """Read `cost:`: a profile's name, or a mapping with a model or a profile and its changes.

    Args:
        field: the value.
        folder: where the file of a profile lies that is named by a relative path.

    Raises:
        InputError: if it is neither, or a value is not as expected.
    """
    if not field.is_mapping:
        return read_profile(field, folder)
    profiles = bundled_profiles()
    chosen = field.only_key((*COSTS, *profiles))
    if chosen.key in COSTS:
        return _read_model(field)
    cost = load_profile(chosen.key)
    readers = cost.constraints
    record = chosen.mapping(readers)
    changes: Any = {key: readers[key](value) for key, value in record.fields.items()}
    with record.placing_errors():
        return replace(cost, **changes)


def read_profile(field: Field, folder: Path | None = None) -> Cost:
    """Read a profile's name, or the path of its file, which ends in `.yaml`.

    Args:
        field: the value.
        folder: where a relative path begins, which it may not leave; None for the command line's.

    Raises:
        InputError: if there is no such profile.
    """
    if field.written.endswith(_ENDINGS):
        path = Path(field.text()) if folder is None else field.path_within(folder)
        return parse_profile(read_text(path), str(path), name_of(path))
    profiles = bundled_profiles()
    return load_profile(field.choice(*profiles))


def _read_model(field: Field) -> Cost:
    chosen = field.only_key(COSTS)
    kind: Callable[..., Cost] = COSTS[chosen.key]
    return chosen.build(kind, COSTS[chosen.key].constraints)


def _range(field: Field) -> tuple[int, int]:
    ends = field.items()
    if len(ends) != 2:
        raise field.error("[fewest, most]", f"a list of {len(ends)}")
    fewest = ends[0].whole()
    return fewest, ends[1].whole(least=fewest)


_TEXTS = ("description", "source")
_LIMIT_READERS: dict[str, Reader] = {
    "batch": _range,
    "context": _range,
    "tokens": _range,
    "mean_error": partial(Field.decimal, above=0),
    "max_error": partial(Field.decimal, above=0),
    "kernels_only": Field.flag,
}
_PROFILE_READERS: dict[str, Reader] = dict.fromkeys(_TEXTS, Field.text) | _LIMIT_READERS
