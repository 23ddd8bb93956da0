"""The prefixes that hold most blocks. After a change: look, then --snapshot-update."""

from __future__ import annotations

from frozen import EACH_SIZE, MIDDLE, SMALL, Compare, at, frozen

KEYS = ("4", "m", "m", "m")


@EACH_SIZE
def test_conversations(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = frozen("conversation", "dark")
    assert snap_compare(app, terminal_size=size, run_before=at("17.5s", *KEYS))


def test_thrashing_in_light(snap_compare: Compare) -> None:
    app = frozen("cache-thrash", "light")
    assert snap_compare(app, terminal_size=MIDDLE, run_before=at("6.1s", *KEYS))


def test_without_true_colour(snap_compare: Compare) -> None:
    app = frozen("system-prompt", "ansi-16")
    assert snap_compare(app, terminal_size=SMALL, run_before=at("7.05s", *KEYS))
