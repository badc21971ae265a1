"""An answer made again, and exactly what is different. Compares by value; decides nothing about which is better.

Not compared: timings, ids, and where files lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.config import load_settings
from assistant.conversation import OF_THE_MACHINE, Putting
from assistant.errors import UsageError
from assistant.history import Status, Turn
from assistant.history.frozen import plain
from assistant.types import Answer, Provenance, Verdict

if TYPE_CHECKING:
    from assistant.api import Assistant

SHOWN = 60
"""Characters of a text shown to either side of the first that differs."""
_OF_NO_ACCOUNT = frozenset({"id", "timings", "provenance"})
_PLACES = {"steps": "step", "evidence": "passage", "verdicts": "verdict", "papers": "paper", "spans": "span"}
_CAUSES = {
    "library_generation": "library generation",
    "reader": "how papers are read",
    "embedder": "embedder",
    "models": "models (writer, verifier, adapters)",
    "seed": "seed",
    "prompts": "prompts",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was; "" where there was or is nothing."""

    where: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.where}: new, {self.after}" if self.after else self.where
        return f"{self.where}: {self.before} → {self.after or 'gone'}"


@dataclass(frozen=True, slots=True)
class Replay:
    """`turn` as it was kept, and its answer made `again`. `causes` is what it is made from that has changed since,
    `changes` what the answer itself says differently."""

    turn: Turn
    again: Answer
    causes: tuple[Change, ...]
    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether the answer is the same, byte for byte."""
        return not self.changes


def replay(assistant: Assistant, answer: str) -> Replay:
    """Make the answer whose id begins so again, from the library as it is now and with the settings of then.

    Raises UsageError for an answer that is not there or was never complete, and what `Assistant.ask` raises.
    """
    history = assistant.history()
    turn = history.turn(answer)
    if turn.answer is None or turn.status is not Status.DONE:
        raise UsageError(f"{turn.id} was stopped before it was complete, so there is nothing to compare: ask it again")
    wanted, unknown = _settings(assistant, turn.asked.settings)
    settings = load_settings(environ={}, folder=Path(assistant.folder), library=assistant.folder, **wanted)
    with assistant.with_settings(replace(settings, device=assistant.settings.device)) as asker:
        putting = Putting(asker, turn.question, turn.standalone, turn.mode, turn.asked)
        *_, result = putting.events()
        assert isinstance(result, (Answer, Verdict))
        again = replace(putting.answer(result), id=turn.id)
        papers = {p.id: p.title for p in asker.papers()}
    causes = [
        *(Change(f"setting {name}, not known any more", value, "") for name, value in unknown.items()),
        *library_changes(history.papers(turn.state), papers),
        *provenance_changes(turn.answer.provenance, again.provenance),
    ]
    return Replay(turn, again, tuple(causes), tuple(answer_changes(turn.answer, again)))


def _settings(assistant: Assistant, kept: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(the settings of then that there still are, those that there are not)."""
    known = {f for f in type(assistant.settings).__dataclass_fields__ if f not in OF_THE_MACHINE}
    return {n: v for n, v in kept.items() if n in known}, {n: v for n, v in kept.items() if n not in known}


def library_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """The papers (id -> title) that came and went."""
    came = [Change("paper added", "", _named(i, after[i])) for i in sorted(after.keys() - before.keys())]
    went = [Change("paper removed", _named(i, before[i]), "") for i in sorted(before.keys() - after.keys())]
    return [*came, *went]


def _named(paper_id: str, title: str) -> str:
    return f"{paper_id[:12]} “{title}”"


def provenance_changes(before: Provenance, after: Provenance) -> list[Change]:
    """What an answer is made from that is not as it was."""
    changes = [
        Change(words, _text(getattr(before, name)), _text(getattr(after, name)))
        for name, words in _CAUSES.items()
        if getattr(before, name) != getattr(after, name)
    ]
    if before.passages != after.passages:
        gone = len(set(before.passages) - set(after.passages))
        new = len(set(after.passages) - set(before.passages))
        said = f"{len(after.passages)} ({gone} not found any more, {new} new{'' if gone or new else ', another order'})"
        changes.append(Change("passages read", str(len(before.passages)), said))
    if before.counts != after.counts:
        changes.append(Change("what was dropped", _text(before.counts), _text(after.counts)))
    return changes


def answer_changes(before: Answer, after: Answer) -> list[Change]:
    """Where two answers differ, each place named; none where they are the same, byte for byte."""
    return list(_differences(_account(plain(before)), _account(plain(after)), ()))


def _account(value: Any, *, top: bool = True) -> Any:
    """What counts of an answer as plain values."""
    if isinstance(value, list):
        return [_account(v, top=False) for v in value]
    if not isinstance(value, dict):
        return value
    left_out = _OF_NO_ACCOUNT if top else {"id"} if "paper_id" in value else frozenset()
    return {k: _account(v, top=False) for k, v in value.items() if k not in left_out and k != "paths"}


def _differences(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and _holds_records(before, after):
        for i in range(max(len(before), len(after))):
            pair = [side[i] if i < len(side) else None for side in (before, after)]
            yield from _differences(pair[0], pair[1], (*path, i))
    elif before != after:
        yield Change(_place(path), *_apart(_text(before), _text(after)))


def _holds_records(*lists: Sequence[Any]) -> bool:
    return any(isinstance(item, dict) for items in lists for item in items)


def _place(path: Sequence[str | int]) -> str:
    """("steps", 2, "text") -> "step 3, text"; a passage is named by its [n]."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int):
            name = _PLACES.get(words[-1], words[-1])
            words[-1] = f"{name} [{part + 1}]" if words == ["evidence"] else f"{name} {part + 1}"
        else:
            words.append(part)
    return ", ".join(words)


def _text(value: Any) -> str:
    """A value in words; of a record its text."""
    if isinstance(value, dict):
        return str(value.get("text") or value.get("claim") or value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(v) for v in value) or "none"
    return "" if value is None else str(value) or "nothing"


def _apart(before: str, after: str) -> tuple[str, str]:
    """Two texts cut to what stands around the first character in which they differ."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    return _around(before, at), _around(after, at)


def _around(text: str, at: int) -> str:
    start, end = max(0, at - SHOWN), at + SHOWN
    cut = re.sub(r"\s+", " ", text[start:end])
    return f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"
