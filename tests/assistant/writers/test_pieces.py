"""Pieces of a reply: in order, with the error last, stopped at once; thoughts taken out."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import Cancelled, ModelError
from assistant.writers.pieces import Put, from_thread, without_thoughts


def test_pieces_come_before_the_error_that_ends_them() -> None:
    def work(put: Put) -> None:
        put("a")
        put("b")
        raise ModelError("gone")

    pieces = from_thread(work, stop=lambda: None, cancel=None)
    assert [next(pieces), next(pieces)] == ["a", "b"]
    with pytest.raises(ModelError, match="gone"):
        next(pieces)


def test_a_stop_is_heard_while_nothing_comes() -> None:
    stopped, cancel = threading.Event(), threading.Event()
    threading.Timer(0.1, cancel.set).start()
    with pytest.raises(Cancelled):
        list(from_thread(lambda _: stopped.wait(20) and None, stop=stopped.set, cancel=cancel))
    assert stopped.is_set()


@pytest.mark.parametrize(
    ("pieces", "reply"),
    [
        (["<think>", "so ", "</th", "ink>\n\n", "Lime"], "Lime"),
        (["<think>\n\n</think>\n\nLime"], "Lime"),
        (["<thin", "ly> veiled"], "<thinly> veiled"),
        ([" <", "b"], " <b"),
        (["<think>never ends"], ""),
        (["Lime <think>no</think>"], "Lime <think>no</think>"),
        (["<th"], "<th"),
        (["", "a", ""], "a"),
    ],
)
def test_a_leading_thought_is_no_part_of_a_reply(pieces: list[str], reply: str) -> None:
    assert "".join(without_thoughts(pieces)) == reply


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(alphabet="abc <", max_size=20), st.data())
def test_how_a_reply_is_cut_does_not_matter(thought: str, reply: str, data: st.DataObject) -> None:
    whole = f"<think>{thought.replace('</think>', '')}</think>{reply}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert "".join(without_thoughts(pieces)).lstrip() == reply.lstrip()
