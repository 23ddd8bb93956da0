"""Whatever stands in a file, a reader takes it or refuses it in one sentence."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

TOKENS = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xc3", b"\n", b"\t", b": ", b"- ", b"{", b"}", b"[", b"]",
    b"*a", b"&a", b"!!python/object:os.system", b"<<: ", b"---\n", b'"', b"'", b"-1", b"nan",
    b"1e400", b".inf", b"9" * 30, b"0x10", b"~", b"\xe2\x80\xae", b"|\n", b"%", b"\r", b",", b"#",
)  # fmt: skip
"""Pieces that readers stumble over."""

MOST_EXAMPLES = 25
"""Of each reader, as `tests.fuzz` tries many more."""


def damaged(seed: bytes, chance: random.Random) -> bytes:
    """The content with a few pieces taken out, doubled or put in."""
    content = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(content))
        match chance.randint(0, 3):
            case 0:
                del content[at : at + chance.randint(1, 12)]
            case 1:
                content[at:at] = content[at : at + chance.randint(1, 200)]
            case 2:
                content[at:at] = chance.choice(TOKENS)
            case _:
                content[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=MOST_EXAMPLES)
@given(chance=st.randoms(use_true_random=False))
def test_a_damaged_file_is_read_or_refused_in_one_sentence(
    name: str, chance: random.Random
) -> None:
    target = TARGETS[name]
    target.survives(damaged(chance.choice(target.seeds), chance))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=MOST_EXAMPLES)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_sentence(name: str, content: bytes) -> None:
    TARGETS[name].survives(content)


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_begins_from_is_valid(name: str, tmp_path) -> None:
    for number, seed in enumerate(TARGETS[name].seeds):
        path = tmp_path / f"{number}{TARGETS[name].suffix}"
        path.write_bytes(seed)
        TARGETS[name].read(path)
