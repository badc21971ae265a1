"""What users found wrong, and the queue in which it is judged: blind first, then with the model's label in sight.

An item holds a frozen snapshot of its answer, so it stays whatever becomes of the conversation. Reviewed items go out
as rows that `assistant finetune --task claims` reads. Knows the history; judges nothing itself.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.errors import UsageError
from assistant.history.frozen import freeze, thaw_answer
from assistant.history.store import History, showable
from assistant.history.turns import Turn
from assistant.types import Answer, Evidence, Label

MAX_TEXT = 4000
"""Characters of a remark, at most."""
_MARKS = re.compile(r"\s*\[[\d\s,;–-]+\]")
_COLUMNS = "id, turn, kind, step, evidence, text, snapshot, created, blind, label, claim, quote, reviewed, note"


class Kind(enum.StrEnum):
    """What a user says of an answer."""

    UP = "up"
    DOWN = "down"
    WRONG_CITATION = "wrong citation"
    WRONG_VERDICT = "wrong verdict"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Item:
    """What a user said of an answer: of its `step` (from 1), of its passage [`evidence`], or of all of it.

    `claim` and `quote` (an [n]) are what is judged, "" and None where the answer does not say; a reviewer may name
    them. `blind` is the label given before the model's was seen, `label` the one that counts; None: not yet. `note` is
    the reviewer's.
    """

    id: int
    turn: str
    kind: Kind
    step: int | None
    evidence: int | None
    text: str
    answer: Answer
    created: str
    blind: Label | None
    label: Label | None
    claim: str
    quote: int | None
    reviewed: str
    note: str = ""

    @property
    def passage(self) -> Evidence | None:
        """The passage that is judged."""
        return next((e for e in self.answer.evidence if e.n == self.quote), None)

    @property
    def model_label(self) -> Label | None:
        """What the model said; None where it said nothing of this claim and this passage. Not to be shown before there
        is a blind label."""
        passage = self.passage
        if self.answer.verdicts and passage is not None and passage.stance is not None:
            return passage.stance
        step = self.answer.steps[self.step - 1] if self.step else None
        verdict = step.verdict if step else next(iter(self.answer.verdicts), None)
        return verdict.label if verdict else None

    @property
    def trains(self) -> bool:
        """Whether it is reviewed and names a claim and a passage, so that something can be learned from it."""
        return bool(self.reviewed and self.claim and self.passage and self.label)


def add_feedback(
    history: History, answer: str, kind: Kind | str, *, step: int | None = None, evidence: int | None = None,
    text: str = "",
) -> Item:  # fmt: skip
    """Say what is right or wrong with a kept answer (its id, or the beginning): of one `step` (from 1), of the passage
    [`evidence`], or of all of it. Raises UsageError for a kind, step or passage that is none, and an endless text."""
    turn = history.turn(answer)
    if turn.answer is None:
        raise UsageError(f"{turn.id} was interrupted before it had an answer; there is nothing to judge")
    item = _item_of(turn, turn.answer, _kind(kind), step, evidence, text, history.clock())
    with history.writing() as db:
        row = db.execute(f"INSERT INTO feedback ({_COLUMNS}) VALUES ({', '.join('?' * 14)})", _row(item))
        return replace(item, id=int(row.lastrowid or 0))


def items(history: History, *, reviewed: bool | None = None, praise: bool = False) -> list[Item]:
    """The queue, oldest first; `reviewed` True or False: only those; `praise`: those that were only liked too."""
    which = "(? OR kind <> ? OR reviewed IS NOT NULL) AND (reviewed IS NOT NULL) IN (?, ?)"
    wanted = (True, False) if reviewed is None else (reviewed, reviewed)
    with history.reading() as db:
        rows = db.execute(f"SELECT {_COLUMNS} FROM feedback WHERE {which} ORDER BY id", (praise, str(Kind.UP), *wanted))
        return [_item(row) for row in rows.fetchall()]


def find(history: History, item: int) -> Item:
    """One item by its number. Raises UsageError where there is none."""
    with history.reading() as db:
        rows = db.execute(f"SELECT {_COLUMNS} FROM feedback WHERE id = ?", (item,)).fetchall()
    if not rows:
        raise UsageError(f"no item {item} in the review queue; list them: assistant review")
    return _item(rows[0])


def label(
    history: History, item: int, given: Label | str, *, claim: str | None = None, quote: int | None = None,
    note: str | None = None,
) -> Item:  # fmt: skip
    """Label an item: the first label is the blind one and stays as it is; the second, given with the model's in sight,
    counts. `claim` and `quote` say what is judged where the answer does not. Raises UsageError."""
    found = find(history, item)
    found = replace(found, note=found.note if note is None else _remark(note))
    found = replace(found, claim=found.claim if claim is None else showable(claim.strip()))
    found = replace(found, quote=found.quote if quote is None else _passage(found.answer, quote))
    wanted = _label(given)
    if found.blind is None:
        found = replace(found, blind=wanted)
    else:
        found = replace(found, label=wanted, reviewed=history.clock())
    with history.writing() as db:
        # Another reviewer may have been first: a blind label is written once.
        changed = db.execute(
            "UPDATE feedback SET blind = ?, label = ?, claim = ?, quote = ?, reviewed = ?, note = ? "
            "WHERE id = ? AND coalesce(blind, ?) = ?",
            (*_judged(found), item, found.blind, found.blind),
        ).rowcount
    if not changed:
        raise UsageError(f"item {item} was labelled by another reviewer in between; look at it again")
    return found


def forget(history: History, item: int) -> Item:
    """Take an item out of the queue."""
    found = find(history, item)
    with history.writing() as db:
        db.execute("DELETE FROM feedback WHERE id = ?", (item,))
    return found


def claims_jsonl(found: Sequence[Item]) -> str:
    """The items from which something can be learned as JSON lines `{claim, evidence, label, doc_id}`; `doc_id` is the
    work, so that the files of one work never stand on both sides of a split."""
    rows: list[dict[str, Any]] = []
    for item in found:
        if item.trains and item.passage is not None:
            row = {"claim": item.claim, "evidence": item.passage.text, "label": str(item.label)}
            rows.append({**row, "doc_id": item.passage.paper.work_id})
    return "".join(json.dumps(row) + "\n" for row in rows)


def _item_of(
    turn: Turn, answer: Answer, kind: Kind, step: int | None, evidence: int | None, text: str, created: str
) -> Item:
    if step is not None and not 1 <= step <= len(answer.steps):
        raise UsageError(f"{turn.id} has {len(answer.steps)} steps; there is no step {step}")
    if evidence is not None:
        _passage(answer, evidence)
    text = _remark(text)
    claim, quote = _claim_and_quote(turn, answer, step, evidence)
    return Item(0, turn.id, kind, step, evidence, text, answer, created, None, None, claim, quote, "")


def _remark(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise UsageError(f"the text has {len(text):,} characters; shorten it to at most {MAX_TEXT:,}")
    return showable(text)


def _claim_and_quote(turn: Turn, answer: Answer, step: int | None, evidence: int | None) -> tuple[str, int | None]:
    """What an item is a judgement of: the claim that was checked, or a step that a verifier judged; of the passage that
    was named, or the only one. A question is no claim."""
    if turn.mode == "check" and answer.verdicts:
        claim, cited = showable(answer.verdicts[0].claim), tuple(e.n for e in answer.evidence)
    elif step is not None and answer.steps[step - 1].verdict is not None:
        claim, cited = showable(_MARKS.sub("", answer.steps[step - 1].text)), answer.steps[step - 1].evidence
    else:
        claim, cited = "", ()
    return claim, evidence if evidence is not None else cited[0] if len(cited) == 1 else None


def _passage(answer: Answer, n: int) -> int:
    if n not in {e.n for e in answer.evidence}:
        known = ", ".join(f"[{e.n}]" for e in answer.evidence) or "none"
        raise UsageError(f"the answer has no passage [{n}]; it has {known}")
    return n


def _kind(kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise UsageError(f"{kind!r} is no kind of feedback; choose one of {', '.join(Kind)}") from None


def _label(given: str) -> Label:
    """By its name or its beginning: "s", "refutes", "not"."""
    wanted = given.strip().upper().replace(" ", "_")
    found = [name for name in Label if wanted and name.startswith(wanted)]
    if not found:
        raise UsageError(f"{given!r} is no label; choose one of {', '.join(Label)}")
    return found[0]


def _labels(item: Item) -> tuple[str | None, str | None]:
    return (None if item.blind is None else str(item.blind), None if item.label is None else str(item.label))


def _judged(item: Item) -> tuple[object, ...]:
    return (*_labels(item), item.claim, item.quote, item.reviewed or None, item.note)


def _row(item: Item) -> tuple[object, ...]:
    """An item as it is kept, in the order of _COLUMNS; its number is the database's."""
    return (
        None, item.turn, str(item.kind), item.step, item.evidence, item.text, freeze(item.answer), item.created,
        *_judged(item),
    )  # fmt: skip


def _item(row: Sequence[Any]) -> Item:
    number, turn, kind, step, evidence, text, snapshot, created, blind, given, claim, quote, reviewed, note = row
    answer = thaw_answer(snapshot, f"item {number} of the review queue")
    labels = [None if name is None else _label(name) for name in (blind, given)]
    return Item(
        number, turn, _kind(kind), step, evidence, text, answer, created, labels[0], labels[1], claim, quote,
        reviewed or "", note,
    )  # fmt: skip
