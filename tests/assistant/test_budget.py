from __future__ import annotations

import threading

import pytest

from assistant.budget import LEAST_REPLY, Budget, Deadline, Ledger, Spent


def test_a_ledger_gives_what_is_left_and_no_more() -> None:
    ledger = Ledger(Budget(calls=2, tokens=1000))
    assert ledger.open_call(100, 500) == 500
    ledger.tokens += 500
    assert ledger.open_call(300, 500) == 100
    with pytest.raises(Spent, match="2 calls"):
        ledger.open_call(0, 500)


def test_a_reply_too_short_to_hold_a_step_is_not_begun() -> None:
    ledger = Ledger(Budget(calls=2, tokens=100))
    with pytest.raises(Spent, match="100 tokens"):
        ledger.open_call(101 - LEAST_REPLY, 500)
    assert ledger.calls == 0


def test_a_deadline_is_set_by_time_and_by_the_caller() -> None:
    now = [0.0]
    cancel = threading.Event()
    deadline = Deadline(5, cancel, clock=lambda: now[0])
    assert not deadline.is_set()
    cancel.set()
    assert deadline.is_set()
    assert deadline.is_asked
    assert not deadline.is_late
    late = Deadline(5, None, clock=lambda: now[0])
    now[0] = 5.0
    assert late.is_set()
    assert not late.is_asked
