"""The process that reads one hostile file: `python -m assistant.index.worker PATH [--skip 14,20]`.

The password, if any, comes on standard input. It limits itself before it touches the file, reads page by page, says
on standard output where it is (assistant.index.wire), and ends with the whole document. It may hang, crash or be taken
over: the parent (assistant.index.sandbox) expects that.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from assistant.errors import ReadError
from assistant.index.confine import without_network
from assistant.index.pages.scans import Scans, runs
from assistant.types import PageQuality, Role

if TYPE_CHECKING:
    from assistant.index.formats.kinds import Kind
    from assistant.index.pages.pdf import PdfFile, RawPage
    from assistant.types import Page

OCR_SECONDS = 1.0
"""Processor time that drawing a page for OCR and taking in its words may cost this process, beside what the page may;
what OCR itself may cost is set in `assistant.index.pages.ocr`."""
LITTLE_TEXT = 200
"""Characters; a paper with fewer is flagged: most likely a cover sheet or a scan with a stamp."""
PAGE_CHARACTERS = 500_000
"""A page with more is no paper's; reading it would use up the processor time of the rest."""
BLANK = "no text layer: the pages are blank, or hold only form fields and comments"
REPAIRED = "the file is damaged: what could be mended of it was read"
LOCKED = "encrypted: opened with a password"
UNREADABLE = "letters cannot be read as text: the fonts do not say which they are; run OCR on it first"
PAGE_BYTES = 3000
"""Bytes of a file without pages that count as a page where it is asked how long reading may take."""
NO_TEXT = "no text layer, and nothing in its pages that OCR could read"
AGAIN = "print it to a new PDF and read that"
"""What helps where a file is too much for the reader, or brings it down."""
OUT_OF_MEMORY = f"too large after unpacking (over {{:.3g}} GiB of memory); {AGAIN}"
ANEW = "download it or export it again"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be read. `last` is the last page that may be read, `skip` are pages that brought a reader down."""

    path: Path
    skip: frozenset[int] = frozenset()
    last: int = 3000
    pages: int = 3000
    characters: int = 20_000_000
    paragraphs: int = 200_000
    memory: int = 2 << 30
    cpu: float = 30.0
    cpu_page: float = 0.5
    ocr: bool = True
    password: str = ""


def main(arguments: list[str] | None = None) -> int:
    work = _parse(sys.argv[1:] if arguments is None else arguments)
    work = replace(work, password=sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = own_output()
    limit_process(work)
    try:
        _read(work, out)
    except ReadError as error:
        fail(out, str(error), transient=error.transient)
    except MemoryError:
        fail(out, OUT_OF_MEMORY.format(work.memory / 2**30))
    return 0


def _parse(arguments: list[str]) -> Work:
    parser = argparse.ArgumentParser(
        prog="assistant.index.worker", description="Read one file; for assistant.index.sandbox."
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--skip", default="", help="pages not to read, as 14,20")
    parser.add_argument("--no-ocr", dest="ocr", action="store_false", help="leave pages that are pictures unread")
    for name in ("last", "pages", "characters", "paragraphs", "memory"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("cpu", "cpu-page"):
        parser.add_argument(f"--{name}", type=float)
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    given["skip"] = frozenset(int(number) for number in given["skip"].split(",") if number)
    return Work(**given)


def own_output() -> BinaryIO:
    """The real standard output, for frames alone: what a library prints goes nowhere from now on."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return out


def limit_process(work: Work) -> None:
    """No more memory, CPU time, written bytes or core files than allowed, and no network, from here on."""
    without_network()
    _set(resource.RLIMIT_AS, work.memory)
    _set(resource.RLIMIT_CPU, _seconds(work.cpu))
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_CORE, 0)


def _set(kind: int, value: int) -> None:
    """The soft limit, and the hard one only downwards: a process may lower it, never raise it again."""
    _, hard = resource.getrlimit(kind)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (allowed, hard))


def _seconds(wanted: float) -> int:
    return max(1, round(wanted))


def _read(work: Work, out: BinaryIO) -> None:
    # Imported under the limits, and here so that importing this module costs nothing; so in what is called.
    from assistant.index.formats import kinds

    with work.path.open("rb") as file:
        kind = kinds.kind_of(work.path.name, file.read(kinds.HEAD))
    if kind is kinds.Kind.PDF:
        _read_pdf(work, out)
    else:
        _read_unpaged(work, kind, out)


def _read_unpaged(work: Work, kind: Kind, out: BinaryIO) -> None:
    """A file whose "pages" are its paragraphs; its size stands for pages in the time it may take."""
    from assistant.index.formats.reading import read_unpaged
    from assistant.index.wire import encode_document, encode_json, encode_page

    pages = min(work.pages, work.path.stat().st_size // PAGE_BYTES)
    _set(resource.RLIMIT_CPU, _seconds(work.cpu + work.cpu_page * pages))
    document = read_unpaged(work.path, kind, characters=work.characters, paragraphs=work.paragraphs)
    send(out, encode_json("unpaged", {"paragraphs": len(document.pages)}))
    for page in document.pages:
        send(out, encode_page(page))
    send(out, encode_document(document))


def _read_pdf(work: Work, out: BinaryIO) -> None:
    from assistant.index.pages import pdf
    from assistant.index.pages.layout import read_layout
    from assistant.index.records.metadata import describe
    from assistant.index.records.xmp import read_xmp
    from assistant.index.wire import encode, encode_document, encode_json, encode_page

    with pdf.open_pdf(work.path, work.password) as file:
        count = min(file.page_count, work.pages)
        _set(resource.RLIMIT_CPU, _seconds(work.cpu + work.cpu_page * count))
        send(out, encode_json("opened", {"pages": count}))
        flags = [REPAIRED] * file.repaired + [LOCKED] * (file.encrypted and bool(work.password))
        flags += [f"only the first {count} of {file.page_count} pages were read"] * (count < file.page_count)
        scans = Scans(allowed=work.ocr)
        raw = _read_pages(file, work, count, flags, scans, lambda n: send(out, encode_json("reading", {"page": n})))
        outline = file.outline
    send(out, encode("working"))
    layout = read_layout(raw, file.styles, outline)
    if not any(page.text for page in layout.pages):
        raise scans.refusal(_reason(raw))
    flags += scans.flags() + _text_flags(raw, layout.pages)
    for page in layout.pages:
        send(out, encode_page(page))
    document = describe(layout.pages, file.information, tuple(flags), read_xmp(work.path))
    send(out, encode_document(replace(document, tables=layout.tables, figures=layout.figures)))


def _read_pages(
    file: PdfFile, work: Work, count: int, flags: list[str], scans: Scans, tell: Callable[[int], None]
) -> list[RawPage]:
    """Every page that can be read; what cannot is told in `flags`. Raises ReadError where there is no page at all."""
    raw: list[RawPage] = []
    damaged: list[int] = []
    left = work.characters
    for number in range(1, min(count, work.last) + 1):
        if number in work.skip:
            continue
        tell(number)
        _fault(number)
        try:
            page = file.read_page(number, limit=min(left, PAGE_CHARACTERS))
        except ReadError:
            damaged.append(number)
            continue
        page = scans.read(file, page)
        _set(resource.RLIMIT_CPU, _seconds(work.cpu + work.cpu_page * count + OCR_SECONDS * scans.tried))
        raw.append(page)
        left -= len(page.codes)
        if len(page.codes) == PAGE_CHARACTERS:
            flags.append(f"only the first {PAGE_CHARACTERS} characters of page {number} were read")
        if left <= 0:
            flags.append(f"only the first {work.characters} characters were read, to page {number} of {count}")
            break
    if not raw:
        raise ReadError(f"{'damaged: no page can be read' if damaged else 'the PDF has no pages'}; {ANEW}")
    if damaged:
        flags.append(_damage(damaged))
    return raw


def _damage(pages: list[int]) -> str:
    """The flag for pages that pdfium cannot load."""
    return f"{'pages' if len(pages) > 1 else 'page'} {runs(pages)} could not be read (damaged)"


def _reason(raw: Sequence[RawPage]) -> str:
    """Why a file has no text, where OCR has nothing to say."""
    kinds = {page.quality for page in raw}
    if PageQuality.UNREADABLE in kinds:
        return UNREADABLE
    return BLANK if kinds <= {PageQuality.EMPTY} else NO_TEXT


def _text_flags(raw: Sequence[RawPage], pages: tuple[Page, ...]) -> list[str]:
    """What is odd about the text."""
    told = {
        "hidden text on p. {}": [p.number for p in pages if any(b.role is Role.HIDDEN for b in p.blocks)],
        "hidden text was looked for by colour and size alone on p. {} (too much to draw)": [
            p.number for p in raw if not p.drawn
        ],
        "letters cannot be read as text on p. {}": [p.number for p in raw if p.quality is PageQuality.UNREADABLE],
    }
    seen = sum(b.end - b.start for page in pages for b in page.blocks if b.role is not Role.HIDDEN)
    flags = [flag.format(runs(numbers)) for flag, numbers in told.items() if numbers]
    return flags + ["very little text"] * (seen < LITTLE_TEXT)


def _fault(page: int) -> None:
    """For tests: ASSISTANT_FAULT="hang:2,3" hangs at pages 2 and 3; so for crash, memory and spin (processor time)."""
    kind, _, at = os.environ.get("ASSISTANT_FAULT", "").partition(":")
    if str(page) not in at.split(","):
        return
    if kind == "hang":
        time.sleep(3600)
    elif kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "memory":
        bytearray(1 << 40)
    elif kind == "spin":
        while True:
            pass


def send(out: BinaryIO, frame: bytes) -> None:
    """The whole frame, however little of it the pipe takes at a time."""
    view = memoryview(frame)
    while view:
        view = view[out.write(view) :]


def fail(out: BinaryIO, reason: str, *, transient: bool = False) -> None:
    """The frame that says why nothing comes."""
    from assistant.index.wire import encode_json

    send(out, encode_json("failed", {"reason": reason[:200], "transient": transient}))


if __name__ == "__main__":
    sys.exit(main())
