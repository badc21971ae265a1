"""A file without pages -> a Document; the table of which format is read by what. Runs in the limited worker process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.errors import ReadError
from assistant.index.formats.archive import Archive
from assistant.index.formats.docx import read_docx
from assistant.index.formats.epub import CONTAINER, read_epub
from assistant.index.formats.jats import NOT_JATS, read_jats
from assistant.index.formats.kinds import EXPORT, Kind
from assistant.index.formats.markdown import read_markdown
from assistant.index.formats.markup import MAX_MARKUP, name_of, parse_xml
from assistant.index.formats.parts import Front, Part, assemble
from assistant.index.formats.plain import read_plain
from assistant.index.formats.webpage import read_html
from assistant.types import Document, Role

Read = tuple[list[Part], Front]
NO_TEXT = "there is no text in it"
_OTHER_ARCHIVES = (
    ("xl/workbook.xml", f"an Excel workbook cannot be read; {EXPORT}"),
    ("ppt/presentation.xml", f"a PowerPoint presentation cannot be read; {EXPORT}"),
    ("Index/Document.iwa", f"a Pages document cannot be read; {EXPORT}"),
    ("Index.zip", f"a Pages document cannot be read; {EXPORT}"),
    ("content.xml", f"an OpenDocument file cannot be read; {EXPORT}"),
)
"""A member that tells what an archive is, and what to do then."""


def read_unpaged(path: Path, kind: Kind, *, characters: int, paragraphs: int) -> Document:
    """The file as a Document of at most so many characters and paragraphs. Raises ReadError, in one sentence."""
    try:
        parts, front = _read_zip(path) if kind is Kind.ZIP else READERS[kind](_bytes(path))
    except RecursionError as error:
        raise ReadError("damaged: it is nested too deep to be read") from error
    document = assemble(parts, front, characters=characters, paragraphs=paragraphs)
    if not any(block.role is not Role.HIDDEN for page in document.pages for block in page.blocks):
        raise ReadError(NO_TEXT)
    return document


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_MARKUP + 1)
    if len(data) > MAX_MARKUP:
        raise ReadError(f"too large (over {MAX_MARKUP // 1_000_000} MB); cut it into parts")
    return data


def _read_zip(path: Path) -> Read:
    """An archive by what is in it, whatever its name."""
    archive = Archive(path)
    if CONTAINER in archive.names:
        return read_epub(archive)
    if "[Content_Types].xml" in archive.names and any(name.startswith("word/") for name in archive.names):
        return read_docx(archive)
    for name, reason in _OTHER_ARCHIVES:
        if name in archive.names:
            raise ReadError(reason)
    raise ReadError("a ZIP archive, but neither a Word document nor an e-book; unpack it and name what is in it")


def _read_xml(data: bytes) -> Read:
    root = parse_xml(data)
    if name_of(root) == "html":
        return read_html(data)
    if root.tag is None:
        raise ReadError(NOT_JATS)
    return read_jats(root)


READERS: dict[Kind, Callable[[bytes], Read]] = {
    Kind.HTML: read_html,
    Kind.XML: _read_xml,
    Kind.MARKDOWN: read_markdown,
    Kind.TEXT: read_plain,
}
