"""What the papers of a library have to do with one another: who cites whom, which files are one work, which look alike.

All of it is worked out when asked for, from the stored references, records and signatures; nothing here can go stale.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.index import catalogue
from assistant.index.records.citing import reference_keys, resolve
from assistant.index.records.works import NEAR_DUPLICATE, keys, likeness, name_keys
from assistant.index.store import Store
from assistant.types import Paper, Reference


def references(store: Store, paper_id: str) -> list[tuple[Reference, Paper | None]]:
    """The entries of a paper's list of references, in order, each with the paper of the library that it names."""
    with store.snapshot():
        entries = store.references(paper_id)
        found = [_named(store, entry, paper_id) for entry in entries]
        papers = {i: store.papers(i)[0] for i in set(found) if i}
        return [(entry, papers.get(i)) for entry, i in zip(entries, found, strict=True)]


def _named(store: Store, reference: Reference, citing: str) -> str:
    """The id of the paper that a reference of `citing` names; a paper never cites itself."""
    candidates = catalogue.papers_with(store.db, reference_keys(reference))
    return resolve(reference, [(i, catalogue.known(store.db, i)) for i in candidates if i != citing])


def cited_by(store: Store, paper_id: str) -> list[Paper]:
    """The papers of other works whose references name this one, or another file of its work; by title."""
    with store.snapshot():
        work = catalogue.work_of(store.db, paper_id)
        records = [(i, catalogue.known(store.db, i)) for i in work]
        wanted = {key for _, record in records for key in name_keys(record)}
        candidates = [i for i in catalogue.papers_citing(store.db, wanted) if i not in work]
        citing = [i for i in candidates if any(resolve(r, records) for r in store.references(i))]
        return _by_title([store.papers(i)[0] for i in citing])


def work(store: Store, paper_id: str) -> list[Paper]:
    """The other files of the paper's work, by title."""
    with store.snapshot():
        return _by_title([store.papers(i)[0] for i in catalogue.work_of(store.db, paper_id) if i != paper_id])


def near_duplicates(store: Store, paper_id: str) -> list[tuple[Paper, float]]:
    """The papers whose text is nearly the same, and the share (0..1) that they have in common, most alike first."""
    with store.snapshot():
        facts = catalogue.facts_of(store.db, paper_id)
        others = [i for i in catalogue.papers_with(store.db, keys(facts)) if i != paper_id]
        shares = {i: likeness(facts.signature, catalogue.facts_of(store.db, i).signature) for i in others}
        near = sorted((i for i in others if shares[i] >= NEAR_DUPLICATE), key=lambda i: (-shares[i], i))
        return [(store.papers(i)[0], shares[i]) for i in near]


def voices(store: Store, paper_ids: Sequence[str]) -> dict[str, str]:
    """Paper -> one work id for all papers given that are one work or nearly the same text, directly or by others."""
    with store.snapshot():
        works = {i: store.papers(i)[0].work_id for i in paper_ids}
        for paper_id in works:
            alike = {works[p.id] for p, _ in near_duplicates(store, paper_id) if p.id in works} | {works[paper_id]}
            works = {i: min(alike) if work in alike else work for i, work in works.items()}
        return works


def _by_title(papers: Sequence[Paper]) -> list[Paper]:
    return sorted(papers, key=lambda p: (p.title.casefold(), p.id))
