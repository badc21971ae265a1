"""What kind of file it is, by its first bytes before its name; and which files of a folder are papers.

Standard library only, so that the parent process can ask before it starts a reader. Knows the beginning of a file:
what is inside an archive or an XML file is for `reading` to find out.
"""

from __future__ import annotations

import enum
import re
from pathlib import PurePath

from assistant.errors import ReadError

HEAD = 4096
"""Bytes of a file that `kind_of` and `is_paper` want to see."""
READABLE = "PDF, DOCX, HTML, Markdown, plain text, JATS XML, EPUB"
EXPORT = "export it as PDF or DOCX"


class Kind(enum.StrEnum):
    """How a file is read. ZIP becomes DOCX or EPUB, and XML becomes JATS or HTML, when the reader looks inside."""

    PDF = "pdf"
    ZIP = "zip"
    HTML = "html"
    XML = "xml"
    MARKDOWN = "markdown"
    TEXT = "text"


SUFFIXES = {
    ".pdf": Kind.PDF,
    ".docx": Kind.ZIP,
    ".epub": Kind.ZIP,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".xml": Kind.XML,
    ".nxml": Kind.XML,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".txt": Kind.TEXT,
}
"""Suffixes that a walk through a folder looks for, and how a file is read whose bytes do not tell."""
_PDF_WITHIN = 1024
"""Bytes: where "%PDF" must stand, by the PDF reference's implementation notes, and pdfium's own rule."""
_WORDS = frozenset({Kind.HTML, Kind.XML, Kind.MARKDOWN, Kind.TEXT})
"""Kinds whose text may well speak of "%PDF"."""
_REFUSED = (
    (b"\xd0\xcf\x11\xe0", f"an old Word file, or one with a password, cannot be read; {EXPORT}, without a password"),
    (b"{\\rtf", f"an RTF file cannot be read; {EXPORT}"),
    (b"%!PS", "a PostScript file cannot be read; convert it to PDF"),
    (b"AT&TFORM", "a DjVu file cannot be read; convert it to PDF"),
    (b"\x1f\x8b", "a compressed file cannot be read; unpack it first"),
    (b"BZh", "a compressed file cannot be read; unpack it first"),
    (b"\xfd7zXZ", "a compressed file cannot be read; unpack it first"),
    (b"7z\xbc\xaf", "a compressed file cannot be read; unpack it first"),
    (b"Rar!", "a compressed file cannot be read; unpack it first"),
    (b"\x89PNG", "a picture cannot be read; put it into a PDF"),
    (b"\xff\xd8\xff", "a picture cannot be read; put it into a PDF"),
    (b"GIF8", "a picture cannot be read; put it into a PDF"),
    (b"II*\0", "a picture cannot be read; put it into a PDF"),
    (b"MM\0*", "a picture cannot be read; put it into a PDF"),
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""Byte-order marks."""
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(rb"\s*<(?:\?xml\b|!DOCTYPE|[A-Za-z][\w:.-]*[\s>/])")
_JATS = re.compile(rb"<(?:\w+:)?(?:article|pmc-articleset)[\s>]")
_NO_PAPER = re.compile(
    r"(?:read[-_]?me|licen[cs]e|copying|changelog|changes|history|news|notice|authors|contributing|contributors"
    r"|code[-_]of[-_]conduct|security|install|todo|version|manifest|robots|cmakelists|requirements|constraints"
    r"|sources|top_level|entry_points|dependency_links|citation)(?:[-_.].*)?",
    re.IGNORECASE,
)
"""Names, without their suffix, that programs and data sets give to files about themselves."""
_LETTERS = 0.5
"""Share of a text file's characters, white space apart, from which it counts as words and not as data."""
_FOREIGN = 0.3
"""Share of bytes above 0x7F from which a text is in a script whose full stops cannot be told without decoding."""
_SENTENCE = re.compile(rb"[a-z][a-z)\]\"'][.!?][)\]\"']*\s")
"""The end of a sentence; lists of words have none."""


def kind_of(name: str, head: bytes) -> Kind:
    """How the file is to be read whose first HEAD bytes are `head`; its name decides only where they do not.

    Raises ReadError, in one sentence that says what to do, for what is certainly no paper.
    """
    suffix = PurePath(name).suffix.lower()
    expected = SUFFIXES.get(suffix)
    if not head:
        raise ReadError("empty file; download it or export it again")
    if _is_pdf(head, expected):
        return Kind.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.ZIP
    for start, reason in _REFUSED:
        if head.startswith(start):
            raise ReadError(reason)
    return _kind_of_text(suffix, expected, _plain(head))


def _is_pdf(head: bytes, expected: Kind | None) -> bool:
    if expected in _WORDS:
        return head.removeprefix(_MARKS[0]).lstrip().startswith(b"%PDF-")
    return b"%PDF" in head[:_PDF_WITHIN]


def _kind_of_text(suffix: str, expected: Kind | None, head: bytes) -> Kind:
    """The same for a file that is neither a PDF nor an archive."""
    web = _HTML.match(head) is not None
    if expected is Kind.PDF:
        if web:
            raise ReadError("not a PDF: a web page was saved in its place (perhaps to log in); download it again")
        raise ReadError("not a PDF, whatever its name says; open it where it was made and export it as PDF")
    if web:
        return Kind.HTML
    if expected is Kind.ZIP:
        raise ReadError(f"not a {suffix[1:].upper()} file, or a damaged one; save it again")
    if expected is None and _XML.match(head):
        return Kind.XML
    if expected is None and suffix:
        raise ReadError(f"a {suffix} file cannot be read; {EXPORT}")
    return expected or Kind.TEXT


def _plain(head: bytes) -> bytes:
    """The beginning of a text as ASCII would have it: without byte-order mark and the zeros of UTF-16."""
    for mark in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].replace(b"\0", b"")
    return head


def is_paper(name: str, head: bytes) -> bool:
    """Whether a walk through a folder takes up a file with a known suffix.

    A file about a program or a data set (README, LICENSE, requirements.txt), XML that is no article, and text that is
    mostly numbers or has no sentence are passed over.
    """
    path = PurePath(name)
    kind = SUFFIXES.get(path.suffix.lower())
    if kind in (Kind.MARKDOWN, Kind.TEXT, Kind.HTML) and _NO_PAPER.fullmatch(path.stem):
        return False
    if kind is Kind.XML:
        plain = _plain(head)
        return bool(_JATS.search(plain) or _HTML.match(plain))
    return kind is not Kind.TEXT or _is_words(head)


def _is_words(head: bytes) -> bool:
    if head.startswith(b"%PDF"):
        return True
    plain = _plain(head)
    seen = [byte for byte in plain if byte > 0x20]
    letters = sum(byte >= 0x80 or chr(byte).isalpha() for byte in seen)
    foreign = sum(byte >= 0x80 for byte in seen) > _FOREIGN * len(seen)
    return letters >= _LETTERS * len(seen) and (foreign or _SENTENCE.search(plain) is not None)
