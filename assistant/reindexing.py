"""A library embedded anew as a background run: the very command `assistant reembed`.

The library is as it was until the last moment; then all of it is of the new embedder. Knows no embedder.
"""

from __future__ import annotations

import threading
from pathlib import Path

from assistant import background, settings_file
from assistant.background import Run, State
from assistant.config import variable
from assistant.errors import UsageError
from assistant.settings_file import Origin

HOME, KIND = "runs", "embedding"
_starting = threading.Lock()


def start(library: Path, embedder: str, origin: Origin) -> Run:
    """Start it. `origin` is where the embedder of the settings comes from: one that is fixed elsewhere would no longer
    fit the library, one in assistant.toml is taken out, since a library remembers its own. UsageError while another is
    under way."""
    if origin in settings_file.FIXED:
        raise UsageError(
            f"the embedder is named on the command line or by {variable('embedder')}, which wins; change it there"
        )
    with _starting:
        before = last(library)
        if before is not None and background.state(before) is State.RUNNING:
            raise UsageError("the library is being embedded anew; wait for its end or stop it")
        if origin is Origin.FILE:
            settings_file.keep({"embedder": None})
        folder = background.new_folder(library / HOME)
        return background.start(
            folder, KIND, embedder, ["reembed", f"--library={library.absolute()}", f"--embedder={embedder}"]
        )


def last(library: Path) -> Run | None:
    """The one started last; None for none."""
    return next(iter(background.runs(library / HOME, KIND)), None)
