"""What a long run shows on stderr while it works: a bar with file, stage, rate and time left.

Knows tqdm and the terminal; nothing of what is being done. Where stderr is no terminal there is no bar.
"""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from assistant.types import FileReport, Progress

NAME_WIDTH = 28


class IngestBar:
    """A bar over files; lines printed through `line` do not disturb it."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._bar = tqdm(
            unit="file", file=sys.stderr, disable=None if enabled else True, dynamic_ncols=True, leave=False
        )

    def __enter__(self) -> IngestBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.close()

    def show(self, event: Progress | FileReport) -> None:
        """Move the bar on."""
        if isinstance(event, FileReport):
            self._bar.update(1)
            return
        self._bar.total = event.total
        page = f" page {event.page} of {event.pages}" if event.stage == "reading" else ""
        name = event.path.name.encode("utf-8", "replace").decode("utf-8")
        self._bar.set_postfix_str(f"{event.stage}{page} {name[:NAME_WIDTH]}", refresh=False)
        self._bar.update(0)
        self._bar.refresh()

    def line(self, text: str) -> None:
        """Print a line on stdout above the bar."""
        with self._bar.external_write_mode(file=sys.stdout):
            print(text, flush=True)
