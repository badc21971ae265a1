from __future__ import annotations

import threading
import time

import pytest

from assistant.errors import Cancelled
from assistant.ui.turns import Turns


def test_so_many_run_at_once_and_the_rest_in_the_order_in_which_they_came() -> None:
    turns, running, most, order, guard = Turns(2), 0, 0, [], threading.Lock()

    def ask(number: int) -> None:
        nonlocal running, most
        with turns.place() as place:
            positions = list(place.waiting())
            with guard:
                running, most = running + 1, max(most, running + 1)
                order.append(number)
            assert positions == sorted(positions, reverse=True)
            time.sleep(0.01)
            with guard:
                running -= 1

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
        time.sleep(0.002)
    for thread in threads:
        thread.join(10)
    assert most == 2
    assert sorted(order) == list(range(12))
    assert all(abs(place - number) <= 2 for place, number in enumerate(order))


def test_a_place_says_how_many_are_before_it() -> None:
    turns = Turns(1)
    with turns.place() as first, turns.place() as second, turns.place() as third:
        assert [turns.position(p) for p in (first, second, third)] == [0, 1, 2]
        assert list(first.waiting()) == []
        assert next(third.waiting()) == 2
    with turns.place() as later:
        assert list(later.waiting()) == []


def test_who_waits_may_leave() -> None:
    turns, cancel = Turns(1), threading.Event()
    with turns.place():
        with turns.place() as place:
            waiting = place.waiting(cancel)
            assert next(waiting) == 1
            cancel.set()
            with pytest.raises(Cancelled):
                next(waiting)
        with turns.place() as next_one:
            assert turns.position(next_one) == 1


def test_a_failure_gives_the_place_up() -> None:
    turns = Turns(1)
    with pytest.raises(RuntimeError), turns.place():
        raise RuntimeError
    with turns.place() as place:
        assert turns.position(place) == 0
