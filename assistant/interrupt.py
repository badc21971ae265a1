"""Ctrl-C as a wish to stop at the next good place. Only commands use it: it sets a signal handler."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def cancel_on_sigint(after: str) -> Iterator[threading.Event]:
    """The first Ctrl-C sets the event and says that it is stopped after what `after` names; the second interrupts."""
    cancel = threading.Event()

    def stop(_signal: int, _frame: Any) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        print(f"stopping after {after} (Ctrl-C again: at once)", file=sys.stderr)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
