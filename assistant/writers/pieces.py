"""A reply in pieces: made in a thread, so that a wish to stop is heard while the model or the server is silent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from assistant.errors import Cancelled

LOOK_SECONDS = 0.05
"""How often the wish to stop is looked at while nothing comes."""
_OPEN, _CLOSE = "<think>", "</think>"

Put = Callable[[str], None]


def from_thread(
    work: Callable[[Put], None], *, stop: Callable[[], None], cancel: threading.Event | None
) -> Iterator[str]:
    """Yield what `work(put)` puts, as it comes; its error is raised after the last piece.

    `stop()` must make `work` end soon: it is called when `cancel` is set (then Cancelled is raised) and when the
    caller takes no more.
    """
    pieces: queue.Queue[str | None] = queue.Queue()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as pool:
        done = pool.submit(work, pieces.put)
        done.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := _next(pieces, cancel)) is not None:
                yield piece
            done.result()
        finally:
            stop()


def _next(pieces: queue.Queue[str | None], cancel: threading.Event | None) -> str | None:
    while True:
        if cancel is not None and cancel.is_set():
            raise Cancelled("stopped as asked")
        try:
            return pieces.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without a leading <think>...</think>, which is no part of the reply, and without empty ones."""
    held, state = "", "start"
    for piece in pieces:
        held += piece
        if state == "start":
            head = held.lstrip()
            if len(head) < len(_OPEN) and _OPEN.startswith(head):
                continue
            state = "thinking" if head.startswith(_OPEN) else "reply"
        if state == "thinking":
            if _CLOSE not in held:
                held = held[-len(_CLOSE) :] if len(held) > len(_OPEN) + len(_CLOSE) else held
                continue
            held, state = held.partition(_CLOSE)[2].lstrip(), "reply"
        if held:
            yield held
        held = ""
    if held and state == "start":
        yield held
