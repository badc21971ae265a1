"""Doubles for tests, shipped for those who build on the assistant: no model, no network, no files of their own."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.writing import Message


class HashEmbedder:
    """Texts -> unit vectors by hashing their words: deterministic, and near where texts share words.

    Each word (lower case, a plural's s dropped) adds one signed unit; a text without words is the first axis.
    Tokens are words.
    """

    def __init__(self, dimension: int = 256) -> None:
        self.id = f"hash-{dimension}@1"
        self.dimension = dimension
        self.max_tokens = 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in self._words(text)[: self.max_tokens]:
                digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                row[digest % self.dimension] += 1.0 if digest >> 63 else -1.0
            if not row.any():
                row[0] = 1.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self._words(text)) for text in texts]

    def _words(self, text: str) -> list[str]:
        return [re.sub(r"(?<=\w\w)s$", "", word) for word in re.findall(r"\w+", text.lower())]


class ScriptedWriter:
    """Writes what it was told to, reply by reply, in pieces of `piece` characters; it keeps to no schema and no
    max_tokens. An exception among the replies is raised at its place: after a text, in the middle of a call, by giving
    the two as a tuple.

    `history` holds the messages of each call, `asked` schema and max_tokens, `written` the texts. Tokens are words.
    """

    def __init__(
        self,
        replies: Iterable[str | Exception | tuple[str | Exception, ...]] = (),
        *,
        context_tokens: int = 100_000,
        piece: int = 16,
    ) -> None:
        self.id = "scripted"
        self.context_tokens = context_tokens
        self.replies = deque(replies)
        self.written: list[str] = []
        self.history: list[tuple[Message, ...]] = []
        self.asked: list[tuple[Mapping[str, Any] | None, int]] = []
        self._piece = piece

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        self.history.append(tuple(messages))
        self.asked.append((schema, max_tokens))
        reply = self.replies.popleft() if self.replies else ""
        for part in reply if isinstance(reply, tuple) else (reply,):
            if isinstance(part, Exception):
                raise part
            self.written.append(part)
            yield from (part[i : i + self._piece] for i in range(0, len(part), self._piece))


class WordVerifier:
    """Judges by words: SUPPORTS as likely as the share of the claim's longer words that the evidence holds."""

    def __init__(self, *, calibrated: bool = True) -> None:
        self.id = "words@1"
        self.calibrated = calibrated

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        shares = [_share(claim, evidence) for claim, evidence in pairs]
        return np.array([(s, 0.0, 1 - s) for s in shares], dtype=np.float32).reshape(-1, 3)


def _share(claim: str, evidence: str) -> float:
    words = set(re.findall(r"\w{4,}", claim.lower()))
    return len(words & set(re.findall(r"\w{4,}", evidence.lower()))) / max(1, len(words))


def tiny_pdf(
    pages: Sequence[str],
    *,
    page_entries: str = "",
    box: tuple[float, float, float, float] = (0, 0, 612, 792),
    information: Mapping[str, str] | None = None,
    trailer: str = "",
) -> bytes:
    """A PDF whose pages show `pages`, written with the standard library alone.

    A page that holds the operator "Tj" is taken as a content stream; any other is text, one line of 12-point Helvetica
    for each of its lines, from (72, 720) down in steps of 14 points. "/F1" is Helvetica, "/F2" Helvetica-Bold.
    `page_entries` go into every page's dictionary ("/Rotate 90"), `trailer` into the file's, `information` is plain
    ASCII. Latin-1 only.
    """
    count = len(pages)
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    media = " ".join(f"{side:g}" for side in box)
    for i, page in enumerate(pages):
        stream = page if "Tj" in page else text_lines(page.splitlines())
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{media}] /Contents {6 + 2 * i} 0 R {page_entries} "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream.encode('latin-1'))} >>\nstream\n{stream}\nendstream")
    entries = " ".join(f"/{key} ({_escape(value)})" for key, value in (information or {}).items())
    return _assemble([*objects, f"<< {entries} >>"], trailer)


def text_lines(
    lines: Sequence[str], *, x: float = 72, y: float = 720, leading: float = 14, size: float = 12, font: str = "F1"
) -> str:
    """The content stream that shows `lines` one below the other, for `tiny_pdf`."""
    shown = "\n".join(f"({_escape(line)}) Tj T*" for line in lines)
    return f"BT /{font} {size:g} Tf {leading:g} TL 1 0 0 1 {x:g} {y:g} Tm\n{shown}\nET\n"


def _escape(text: str) -> str:
    return re.sub(r"([()\\\\])", r"\\\1", text)


def _assemble(objects: Sequence[str], trailer: str) -> bytes:
    """Objects, the table of where they stand, and the trailer; the last object is the document information."""
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R {trailer} >>\n"
        f"startxref\n{start}\n%%EOF\n"
    ).encode("latin-1")
    return bytes(out)
