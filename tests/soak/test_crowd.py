"""Twenty readers at once, a thousand questions: no word of one comes to another, nothing fails, memory stays flat."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import psutil
import pytest

from tests.ui.crowd import canary, crowd, strangers

pytestmark = pytest.mark.soak

READERS = 20
ROUNDS = tuple(int(n) for n in os.environ.get("CROWD_ROUNDS", "10,10,10,10,10").split(","))
"""Questions of each reader, round by round. The first two warm up; then memory is watched."""
GROWTH = 30 * 1024 * 1024
"""Bytes that the process may grow by after the second round: a leak of 50 KB a question would exceed it."""


def memory() -> int:
    return int(psutil.Process().memory_info().rss)


def test_twenty_readers_hear_their_own_papers_alone_and_memory_stays_flat(tmp_path: Path) -> None:
    with crowd(tmp_path / "served", READERS) as many:
        sizes = [memory()]
        for times in ROUNDS:
            many.all_ask(times)
            gc.collect()
            sizes.append(memory())
        for number in range(READERS):
            seen = many.look_round(number)
            assert canary(number) in seen
            assert not strangers(number, seen)
    print(f"{READERS} readers, {READERS * sum(ROUNDS)} questions; MB:", [size >> 20 for size in sizes])
    assert sizes[-1] - sizes[2] < GROWTH, sizes
