"""Files of questions with the passages that answer them -> groups to rank, for the tasks "evidence" and "embedder".

Reads JSON lines (also gzipped), three forms of row: a question with its passage and negatives; a question with one
passage and its label; a question with passages and a teacher's scores. Folders of test collections come through a
function, and so does the search that finds hard negatives: this knows no library and no model.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import UsageError
from assistant.finetune.data import BadRow, file_rows, text_digest

MINED_DEPTH = 30
"""Hard negatives are drawn from so many of the nearest passages."""
LEAST_GROUPS = 8


@dataclass(frozen=True, slots=True)
class Group:
    """A question and passages to rank for it. `targets`, one for each: above 0 relevant, else not; for the loss "mse"
    the teacher's log odds. `doc_id` names the document of the first relevant passage."""

    query: str
    passages: tuple[str, ...]
    targets: tuple[float, ...]
    doc_id: str
    where: str = ""

    @property
    def claim(self) -> str:
        """What is asked, as `data.Documented` calls it."""
        return self.query

    @property
    def positives(self) -> tuple[str, ...]:
        return tuple(p for p, t in zip(self.passages, self.targets, strict=True) if t > 0)

    @property
    def negatives(self) -> tuple[str, ...]:
        return tuple(p for p, t in zip(self.passages, self.targets, strict=True) if t <= 0)


class Judged(Protocol):
    """A test collection: texts by id, and for each query its relevant documents, as `assistant.index.beir` reads it."""

    @property
    def documents(self) -> Mapping[str, str]: ...

    @property
    def queries(self) -> Mapping[str, str]: ...

    @property
    def relevant(self) -> Mapping[str, Mapping[str, int]]: ...


Mine = Callable[[Sequence[str], Sequence[str]], list[list[int]]]
"""(queries, passages) -> for each query the positions of the passages nearest to it, best first."""


def read_groups(
    paths: Iterable[Path], *, read_folder: Callable[[Path], Judged] | None = None, skip_bad: bool = False
) -> tuple[list[Group], list[str], list[str]]:
    """(groups, passages of collections, bad rows). A folder is a test collection, all else a file of rows.

    Raises UsageError for what cannot be read and, unless `skip_bad`, for a row that cannot be used, by file and line.
    """
    groups: list[Group] = []
    pool: list[str] = []
    bad: list[str] = []
    for path in paths:
        if path.is_dir():
            collection = _collection(path, read_folder)
            groups += _judged(collection, path)
            pool += collection.documents.values()
        else:
            groups += _rows(path, bad, skip_bad)
    return groups, pool, bad


def _collection(path: Path, read_folder: Callable[[Path], Judged] | None) -> Judged:
    if read_folder is None:
        raise UsageError(f"{path} is a folder; give a file of rows")
    return read_folder(path)


def _judged(collection: Judged, path: Path) -> Iterator[Group]:
    """A group without negatives for each query."""
    for query, relevant in collection.relevant.items():
        found = [d for d in relevant if d in collection.documents]
        if found:
            texts = tuple(collection.documents[d] for d in found)
            yield Group(collection.queries[query], texts, (1.0,) * len(texts), found[0], f"{path}, query {query}")


def _rows(path: Path, bad: list[str], skip_bad: bool) -> list[Group]:
    single: dict[str, list[Group]] = defaultdict(list)
    groups: list[Group] = []
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            group = _group(row, where)
        except BadRow as error:
            if not skip_bad:
                raise UsageError(f"{where} {error}; mend it, or leave bad rows out with --skip-bad") from error
            bad.append(f"{where} {error}")
            continue
        if isinstance(row, dict) and "label" in row:
            single[group.query].append(group)
        else:
            groups.append(group)
    return groups + [_together(rows) for rows in single.values() if any(r.targets[0] > 0 for r in rows)]


def _group(row: dict[str, Any] | BadRow, where: str) -> Group:
    if isinstance(row, BadRow):
        raise row
    query = _texts(row.get("query"), "query")[0]
    if "scores" in row:
        passages, targets = _texts(row.get("passages"), "passages"), _numbers(row["scores"])
        if len(passages) != len(targets):
            raise BadRow("has not as many scores as passages")
    else:
        positive = _texts(row.get("positive", row.get("passage")), "passage")
        negative = _texts(row["negatives"], "negatives") if row.get("negatives") else []
        passages, targets = positive + negative, [1.0] * len(positive) + [0.0] * len(negative)
        if "label" in row:
            targets = _numbers([row["label"]]) + targets[1:]
    doc_id = str(row.get("doc_id") or "text:" + text_digest(passages[0]))
    return Group(query, tuple(passages), tuple(targets), doc_id, where)


def _texts(value: object, name: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise BadRow(f"has no {name}")
    return [" ".join(str(v).split()) for v in values]


def _numbers(values: object) -> list[float]:
    try:
        return [float(v) for v in values]  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise BadRow("has a label or score that is no number") from error


def _together(rows: Sequence[Group]) -> Group:
    """Rows of one query, the relevant passages first."""
    ordered = sorted(rows, key=lambda r: -r.targets[0])
    passages = tuple(p for r in ordered for p in r.passages)
    return replace(ordered[0], passages=passages, targets=tuple(t for r in ordered for t in r.targets))


def with_negatives(
    groups: Sequence[Group], count: int, *, pool: Sequence[str] = (), mine: Mine | None = None, seed: int = 0
) -> list[Group]:
    """The groups with at most `count` negatives each: their own, else hard ones, drawn from the passages of `pool` and
    of the other groups that `mine` finds nearest. A relevant passage of the same question is never a negative.

    UsageError where negatives are missing and nothing is there to find them.
    """
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    bare = [i for i, g in enumerate(groups) if not g.negatives]
    found = dict(zip(bare, _mined([groups[i] for i in bare], groups, pool, mine), strict=True)) if bare else {}
    made = []
    for i, group in enumerate(groups):
        others = found.get(i, group.negatives)
        kept = draw.sample(others, min(count, len(others)))
        passages, targets = [], []
        for passage, target in zip(group.passages, group.targets, strict=True):
            if target > 0 or passage in kept:
                passages.append(passage)
                targets.append(target)
        mined = [p for p in kept if p not in passages]
        made.append(replace(group, passages=(*passages, *mined), targets=(*targets, *[0.0] * len(mined))))
    return [g for g in made if g.negatives]


def _mined(
    bare: Sequence[Group], groups: Sequence[Group], pool: Sequence[str], mine: Mine | None
) -> list[tuple[str, ...]]:
    if mine is None:
        raise UsageError(f"{bare[0].where} has no negatives, and there is no search to find some; name some")
    passages = list(dict.fromkeys([*pool, *(p for g in groups for p in g.positives)]))
    own: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        own[group.query] |= set(group.positives)
    nearest = mine([g.query for g in bare], passages)
    return [
        tuple([passages[n] for n in found if passages[n] not in own[group.query]][:MINED_DEPTH])
        for group, found in zip(bare, nearest, strict=True)
    ]


def one_positive(groups: Iterable[Group]) -> list[Group]:
    """A group for each relevant passage of each group, with the group's negatives."""
    return [
        replace(g, passages=(p, *g.negatives), targets=(t, *[0.0] * len(g.negatives)))
        for g in groups
        for p, t in zip(g.passages, g.targets, strict=True)
        if t > 0
    ]


def check_trainable(groups: Sequence[Group], name: str) -> None:
    """UsageError where there are too few groups to learn from."""
    if len(groups) < LEAST_GROUPS:
        raise UsageError(f"{name} has {len(groups)} questions with passages; at least {LEAST_GROUPS} are needed")
