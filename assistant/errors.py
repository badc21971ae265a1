"""Every error the assistant raises on purpose. A message says what, where, and what to do.

AssistantError
├── UsageError            the request itself is wrong (exit code 2)
├── LibraryError          the library cannot be used as asked
│   ├── LibraryBusy       another process is writing to it
│   ├── DiskFull          it cannot be written to for want of room
│   ├── LibraryTooNew     written by a newer version
│   └── EmbedderMismatch  it was built with another embedder
├── ModelError            a model is missing, damaged or refused
│   └── ContextTooLong    what it is to read and write exceeds its window
├── ReadError             a file cannot be read as a paper
└── Cancelled             the caller asked to stop
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(AssistantError):
    exit_code = 2


class LibraryError(AssistantError):
    pass


class LibraryBusy(LibraryError):
    pass


class DiskFull(LibraryError):
    pass


class LibraryTooNew(LibraryError):
    pass


class EmbedderMismatch(LibraryError):
    pass


class ModelError(AssistantError):
    pass


class ContextTooLong(ModelError):
    """`tokens` of messages and reply, of the `window` that the model has; 0 where a server does not say."""

    def __init__(self, reason: str, *, tokens: int = 0, window: int = 0) -> None:
        super().__init__(reason)
        self.tokens, self.window = tokens, window


class ReadError(AssistantError):
    """`transient`: another try may end otherwise (a time limit, a crash), so the next ingest tries again."""

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


class Cancelled(AssistantError):
    exit_code = 130
