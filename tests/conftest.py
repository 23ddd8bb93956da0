"""Shared by all tests; its place puts `tests/` on the import path: `from oracle import oracle`."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from idle import wait_exactly
from stylesheets import parse_once

# Colours in tests are those of the themes, whatever terminal the tests are started from.
for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)
os.environ["COLORTERM"] = "truecolor"
os.environ["TERM"] = "xterm-256color"
os.environ.pop("SSH_CONNECTION", None)
# Nor do they know of the config of whoever starts them.
os.environ["XDG_CONFIG_HOME"] = os.devnull

# Fresh examples in every run, in the gate as well, and no limit that a busy machine breaks. A
# failure tells the line that repeats it; --hypothesis-seed repeats a whole run.
UNHURRIED = settings(
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("desk", UNHURRIED)
settings.register_profile("gate", UNHURRIED, database=None, max_examples=40)
settings.load_profile("gate" if "CI" in os.environ else "desk")


def pytest_collection_finish() -> None:
    """What was imported stays to the end, and need not be looked through for garbage: a tenth of
    the time of tests with an app."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _own_runtime_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Presentations in tests are not followed by anybody's notes."""
    folder: Path = tmp_path_factory.getbasetemp() / "runtime"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))


@pytest.fixture(scope="session", autouse=True)
def _quick_apps() -> Iterator[None]:
    """Tests of the app go on when it has nothing left to do, and parse no styles again."""
    with pytest.MonkeyPatch.context() as patch:
        wait_exactly(patch)
        parse_once(patch)
        yield
