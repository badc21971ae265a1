"""What is known of a paper beside its text: title, authors, year, DOI and the like, as one source has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """Metadata as a source (an XMP packet, a bibliography, the user) has it; empty, or None for the year, where it says
    nothing. A DOI is in lower case."""

    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    arxiv: str = ""
    pmid: str = ""
    venue: str = ""
