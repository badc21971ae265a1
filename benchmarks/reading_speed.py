"""How many pages a second of processor time are read: by plain libraries, by ours in process, and as a user gets them.

Prints one table. Processor time is user and system time of the process and of those it waited for, all in one run, so
that the ratios hold on a busy machine too.

    python benchmarks/reading_speed.py [--papers 27] [--repeat 1]
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pypdf
import pypdfium2

from assistant.index.pages.layout import read_layout
from assistant.index.pages.pdf import open_pdf
from assistant.index.records.metadata import describe
from assistant.index.records.xmp import read_xmp
from assistant.index.sandbox import Limits, read_paper

SHARED = Path(os.environ.get("ASSISTANT_SHARED", Path(__file__).parents[1].parent / "shared"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=27)
    parser.add_argument("--repeat", type=int, default=1, help="the best of so many runs counts")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    files = sorted((SHARED / "pdfs" / "ground_truth").glob("*.pdf"))[: arguments.papers]
    if not files:
        raise SystemExit(f"no papers in {SHARED} (set ASSISTANT_SHARED)")
    rows = [(name, min(_seconds(read, files) for _ in range(arguments.repeat))) for name, read in WAYS.items()]
    pages = _pages(files)
    print(f"{len(files)} papers, {pages} pages\n")
    print("| way | CPU s | pages per CPU-second | of plain pypdf |")
    print("|---|---|---|---|")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.2f} | {pages / seconds:.1f} | {rows[0][1] / seconds:.1f} x |")


def _pages(files: list[Path]) -> int:
    count = 0
    for file in files:
        with open_pdf(file) as opened:
            count += opened.page_count
    return count


def _seconds(read: Callable[[Path], None], files: list[Path]) -> float:
    read(files[0])  # imports and caches
    begun = _processor_time()
    for file in files:
        read(file)
    return _processor_time() - begun


def _processor_time() -> float:
    """Seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _by_pypdf(file: Path) -> None:
    for page in pypdf.PdfReader(file).pages:
        page.extract_text()


def _by_pdfium(file: Path) -> None:
    with pypdfium2.PdfDocument(file) as document:
        for page in document:
            page.get_textpage().get_text_range()


def _in_process(file: Path) -> None:
    """Characters, boxes, ink, layout, tables, figures and metadata, without the worker process."""
    with open_pdf(file) as opened:
        pages = [opened.read_page(number) for number in range(1, opened.page_count + 1)]
        outline = opened.outline
    layout = read_layout(pages, opened.styles, outline)
    describe(layout.pages, opened.information, (), read_xmp(file))


def _whole(file: Path) -> None:
    """As an ingest reads, but without OCR: a process for each file, and everything checked that it says."""
    read_paper(file, limits=Limits(ocr=False))


WAYS: dict[str, Callable[[Path], None]] = {
    "pypdf, text only": _by_pypdf,
    "pypdfium2, text only": _by_pdfium,
    "assistant, all steps in process": _in_process,
    "assistant, a process for each file": _whole,
}


if __name__ == "__main__":
    main()
