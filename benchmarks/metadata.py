"""How well a paper's metadata and list of references are read: title, authors, year, DOI, journal, entries.

    python benchmarks/metadata.py [--half first|second] [--verbose]

Truth is the publishers' JATS XML beside each PDF in $ASSISTANT_SHARED/pdfs/ground_truth. A title is right where its
letters are the truth's, or nearly (ratio >= .95); a year where the XML gives it for any kind of publication; a DOI is
counted where it is printed in the PDF.
"""

from __future__ import annotations

import argparse
import gzip
import os
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from assistant.index.records.identifiers import base_doi, letters
from assistant.index.sandbox import read_paper
from assistant.types import Document

PAPERS = Path(os.environ.get("ASSISTANT_SHARED", "../shared")) / "pdfs" / "ground_truth"
ALIKE = 0.95


@dataclass
class Truth:
    title: str
    authors: list[tuple[str, str]]
    """Given names, surname."""
    years: set[int]
    doi: str
    pmid: str
    venues: set[str]
    references: list[tuple[str, str, str]]
    """DOI, year, title; "" where the XML says nothing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("first", "second"), help="every other paper only")
    parser.add_argument("--verbose", action="store_true", help="show what is wrong")
    arguments = parser.parse_args()
    files = sorted(PAPERS.glob("*.pdf"))
    chosen = {"first": files[::2], "second": files[1::2], None: files}[arguments.half]
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for path in chosen:
        document = read_paper(path)
        truth = read_truth(path.with_suffix(".xml.gz"))
        wrong = score(document, truth, right, of)
        if arguments.verbose and wrong:
            print(f"{path.name}\n  " + "\n  ".join(wrong))
    print(f"\n{len(chosen)} papers\n{'measure':<34}{'right':>7}{'of':>7}{'share':>8}")
    for name in of:
        print(f"{name:<34}{right[name]:>7}{of[name]:>7}{right[name] / max(1, of[name]):>8.3f}")
    p, r = (right["authors"] / max(1, of[f"authors {n}"]) for n in ("found", "in truth"))
    print(f"all authors F1 {2 * p * r / max(1e-9, p + r):.3f}")


def read_truth(path: Path) -> Truth:
    root = fromstring(_undeclared(path))
    front = root.find("front")
    assert front is not None
    meta = front.find("article-meta")
    assert meta is not None
    people = meta.findall("./contrib-group/contrib[@contrib-type='author']/name")
    ids = {e.get("pub-id-type"): _text(e) for e in meta.findall("article-id")}
    journal = front.find("journal-meta")
    names = [] if journal is None else [*journal.iter("journal-title"), *journal.iter("journal-id")]
    return Truth(
        _text(meta.find("./title-group/article-title")),
        [(_text(p.find("given-names")), _text(p.find("surname"))) for p in people],
        {int(_text(y)) for y in meta.findall("./pub-date/year")},
        (ids.get("doi") or "").lower(),
        ids.get("pmid") or "",
        {letters(_text(e)) for e in names},
        [_entry(e) for e in root.iter("ref")],
    )


def _undeclared(path: Path) -> bytes:
    """The XML without its document type, which names a DTD that is not here."""
    data = gzip.decompress(path.read_bytes())
    start = data.find(b"<article")
    return data[start:]


def _entry(ref: Element) -> tuple[str, str, str]:
    doi = next((_text(e) for e in ref.iter("pub-id") if e.get("pub-id-type") == "doi"), "")
    title = next((_text(e) for e in ref.iter("article-title")), "")
    return doi.lower(), next((_text(e)[:4] for e in ref.iter("year")), ""), title


def _text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def alike(a: str, b: str) -> bool:
    a, b = letters(a), letters(b)
    return bool(a) and (a == b or SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE)


def score(document: Document, truth: Truth, right: Counter[str], of: Counter[str]) -> list[str]:
    """Count what is right, and say what is not."""
    wrong: list[str] = []

    def count(name: str, ok: bool, got: object, wanted: object) -> None:
        of[name] += 1
        right[name] += ok
        if not ok:
            wrong.append(f"{name}: {got!r} instead of {wanted!r}")

    printed = letters("".join(page.text for page in document.pages))
    count("title", alike(document.title, truth.title), document.title, truth.title)
    if truth.authors:
        first = letters(document.authors[0]) if document.authors else ""
        surname = letters(truth.authors[0][1])
        count("first author's surname", bool(first) and first.endswith(surname), document.authors[:2], truth.authors[0])
    count("year", document.year in truth.years, document.year, truth.years)
    if letters(truth.doi) in printed:
        count("DOI where printed", document.doi == truth.doi, document.doi, truth.doi)
    venue = letters(document.venue)
    count("venue", bool(venue) and any(v.startswith(venue) for v in truth.venues), document.venue, truth.venues)
    if truth.pmid and truth.pmid in printed:
        count("PMID where printed", document.pmid == truth.pmid, document.pmid, truth.pmid)
    _authors(document, truth, right, of, wrong)
    _references(document, truth, printed, right, of, wrong)
    return wrong


def _authors(document: Document, truth: Truth, right: Counter[str], of: Counter[str], wrong: list[str]) -> None:
    found = Counter(letters(a) for a in document.authors)
    wanted = [letters(given + family) for given, family in truth.authors]
    of["authors found"] += len(document.authors)
    of["authors in truth"] += len(wanted)
    hits = sum((found & Counter(wanted)).values())
    right["authors"] += hits
    right["authors found"] += hits
    right["authors in truth"] += hits
    if hits < len(wanted):
        wrong.append(f"authors: {document.authors} instead of {truth.authors}")


def _references(
    document: Document, truth: Truth, printed: str, right: Counter[str], of: Counter[str], wrong: list[str]
) -> None:
    dois = {base_doi(r.doi) for r in document.references}
    texts = [letters(r.text) for r in document.references]
    of["entries found, per entry in truth"] += len(truth.references)
    right["entries found, per entry in truth"] += len(document.references)
    for doi, year, title in truth.references:
        if doi and letters(doi) in printed:
            of["reference's DOI where printed"] += 1
            right["reference's DOI where printed"] += base_doi(doi) in dois
            if base_doi(doi) not in dois:
                wrong.append(f"no reference with DOI {doi}")
        if not title or letters(title) not in printed:
            continue
        # An entry is the one that holds the title, and alone: two entries in one are a fault.
        holding = [r for r, text in zip(document.references, texts, strict=True) if letters(title) in text]
        of["reference's entry whole"] += 1
        right["reference's entry whole"] += len(holding) >= 1
        entry = holding[0] if holding else None
        if year:
            of["reference's year"] += 1
            right["reference's year"] += entry is not None and str(entry.year) == year
        of["reference's title"] += 1
        right["reference's title"] += entry is not None and alike(entry.title, title)
        if entry is None or str(entry.year) != year or not alike(entry.title, title):
            got = entry and (entry.text, entry.year, entry.title)
            wrong.append(f"reference {got!r} instead of {year, title!r}")


if __name__ == "__main__":
    main()
