"""The short form of tests/soak/test_crowd.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.crowd import canary, crowd, strangers


def test_readers_at_once_hear_their_own_papers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_HISTORY", raising=False)
    with crowd(tmp_path / "served", 2) as many:
        many.all_ask(2)
        for number in range(2):
            seen = many.look_round(number)
            assert canary(number) in seen
            assert not strangers(number, seen)


def test_no_two_readers_share_a_word() -> None:
    assert len({canary(n) for n in range(1000)}) == 1000
