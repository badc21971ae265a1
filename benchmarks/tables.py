"""How well the cells of tables are read, against the publishers' own XML.

    python benchmarks/tables.py [--half 0|1] [--show NAME]

Papers: `$ASSISTANT_SHARED/pdfs/ground_truth` (JATS XML beside each PDF), those whose XML has tables with cells. Half 0
is every other one of them by name (looked at while the reading was written), half 1 the rest.

Matching. Texts are compared after NFKC, with all dashes alike and without white space. Empty cells count for neither
side, nor do rows without any text (publishers keep a ruling line as one). Each true table is given the read table of
its paper with which it shares most texts, and none twice; read tables with one label are taken together, row under row.
Then

    cells      F1 of (row, column, text), a cell standing where it begins
    neighbours F1 of (text, next text, to the right or below), as in the ICDAR 2013 table competition (Göbel et al.)
    texts      F1 of the texts alone

each over all cells of all tables; a table that was not found counts with no cells read. Needs lxml.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from assistant.index.sandbox import read_paper
from assistant.types import Document

ROOT = Path(__file__).resolve().parent.parent
Place = tuple[int, int, str]
"""Row, column and text of a cell that is not empty."""


def papers() -> list[Path]:
    """The papers whose XML has tables with cells, by name."""
    shared = Path(os.environ.get("ASSISTANT_SHARED", ROOT.parent / "shared"))
    folder = shared / "pdfs" / "ground_truth"
    return [path for path in sorted(folder.glob("*.pdf")) if true_tables(path)]


def true_tables(pdf: Path) -> list[list[Place]]:
    """The tables of a paper as its publisher wrote them."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False)
    root = etree.fromstring(gzip.decompress(pdf.with_suffix(".xml.gz").read_bytes()), parser)
    found = []
    for wrap in root.iter("{*}table-wrap"):
        places: list[Place] = []
        row = 0
        for table in wrap.iter("{*}table"):
            row, own = _places(table, row)
            places += own
        if len(places) > 1:
            found.append(without_empty_rows(places))
    return found


def without_empty_rows(places: Sequence[Place]) -> list[Place]:
    """The cells with their rows numbered anew."""
    rows = {row: number for number, row in enumerate(sorted({row for row, _, _ in places}))}
    return [(rows[row], column, text) for row, column, text in places]


def _places(table: Any, row: int) -> tuple[int, list[Place]]:
    """The next free row and the cells of an XML table whose first row is `row`."""
    taken: set[tuple[int, int]] = set()
    places: list[Place] = []
    for line in table.iter("{*}tr"):
        column = 0
        for cell in line.iterchildren("{*}td", "{*}th"):
            while (row, column) in taken:
                column += 1
            wide, high = int(cell.get("colspan") or 1), int(cell.get("rowspan") or 1)
            taken |= {(row + i, column + j) for i in range(high) for j in range(wide)}
            if text := normal("".join(cell.itertext())):
                places.append((row, column, text))
            column += wide
        row += 1
    return row, places


def normal(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[‐‑‒–—−]", "-", re.sub(r"\s+|\u00ad|\u200b", "", text))


def read_tables(document: Document) -> list[list[Place]]:
    """The tables as they were read; those with one label are one, row under row."""
    pages = {page.number: page.text for page in document.pages}
    found: list[tuple[str, list[Place]]] = []
    for table in document.tables:
        texts = [(c.row, c.column, normal(pages[table.page][c.start : c.end])) for c in table.cells]
        places = [place for place in texts if place[2]]
        if found and table.label and found[-1][0] == table.label:
            below = max(row for row, _, _ in found[-1][1]) + 1
            found[-1][1].extend((row + below, column, text) for row, column, text in places)
        else:
            found.append((table.label, places))
    return [without_empty_rows(places) for _, places in found if places]


def neighbours(places: Sequence[Place]) -> Counter[tuple[str, str, str]]:
    """Each text with the next one to its right and the next one below it."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row, column, text in places:
        right = min(((c, t) for r, c, t in places if r == row and c > column), default=None)
        below = min(((r, t) for r, c, t in places if c == column and r > row), default=None)
        found.update([(text, right[1], "right")] if right else [])
        found.update([(text, below[1], "below")] if below else [])
    return found


def assigned(true: Sequence[list[Place]], read: Sequence[list[Place]]) -> list[tuple[list[Place], list[Place]]]:
    """Each true table with the read one that shares most texts with it."""
    shared = sorted(
        ((_common(_texts(t), _texts(r)), i, j) for i, t in enumerate(true) for j, r in enumerate(read)), reverse=True
    )
    partner: dict[int, int] = {}
    for common, i, j in shared:
        if common and i not in partner and j not in partner.values():
            partner[i] = j
    return [(t, read[partner[i]] if i in partner else []) for i, t in enumerate(true)]


def _texts(places: Iterable[Place]) -> Counter[str]:
    return Counter(text for _, _, text in places)


def _common(a: Counter[Any], b: Counter[Any]) -> int:
    return (a & b).total()


def counts(true: list[Place], read: list[Place]) -> dict[str, tuple[int, int, int]]:
    """For each measure: what both have, what is true, what was read."""
    sides = {
        "cells": (Counter(true), Counter(read)),
        "neighbours": (neighbours(true), neighbours(read)),
        "texts": (_texts(true), _texts(read)),
    }
    return {name: (_common(a, b), a.total(), b.total()) for name, (a, b) in sides.items()}


def f1(both: int, true: int, read: int) -> float:
    return 2 * both / (true + read) if true + read else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", default="", help="print the cells of this paper that differ")
    options = parser.parse_args()
    total: Counter[tuple[str, int]] = Counter()
    tables = 0
    for number, path in enumerate(papers()):
        if options.half not in (None, number % 2):
            continue
        for true, read in assigned(true_tables(path), read_tables(read_paper(path))):
            tables += 1
            found = counts(true, read)
            total.update({(name, i): n for name, three in found.items() for i, n in enumerate(three)})
            print(
                f"{path.stem:24} {len(true):4} cells ", *(f"{name} {f1(*three):.3f}" for name, three in found.items())
            )
            if options.show == path.stem:
                print(*_differences(true, read), sep="\n")
    line = [f"{name} {f1(*(total[name, i] for i in range(3))):.3f}" for name in ("cells", "neighbours", "texts")]
    print(f"{tables} tables, {total['cells', 1]} cells: F1 of", ", ".join(line))


def _differences(true: list[Place], read: list[Place]) -> Iterator[str]:
    for sign, more, less in (("-", true, read), ("+", read, true)):
        for place in sorted(set(more) - set(less)):
            yield f"  {sign} {place}"


if __name__ == "__main__":
    main()
