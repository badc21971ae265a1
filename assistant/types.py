"""The vocabulary every other module shares: papers, passages, evidence, verdicts, answers.

Frozen values only, standard library only. This module does not know how any of them is made, stored or shown.
"""

from __future__ import annotations

import enum
import html
import re
from dataclasses import dataclass, field
from pathlib import Path

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in a page's user space: PDF points, origin bottom-left, before /Rotate."""


class Label(enum.StrEnum):
    """What the papers say about a claim; one spelling everywhere, on disk too."""

    SUPPORTS = "SUPPORTS"
    REFUTES = "REFUTES"
    NOT_ENOUGH_INFO = "NOT_ENOUGH_INFO"


class Role(enum.StrEnum):
    """What part of a page a block of text is."""

    TITLE = "title"
    AUTHOR = "author"
    ABSTRACT = "abstract"
    HEADING = "heading"
    BODY = "body"
    LIST = "list"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    EQUATION = "equation"
    TABLE = "table"
    FIGURE = "figure"
    REFERENCE = "reference"
    FURNITURE = "furniture"
    HIDDEN = "hidden"


RUNNING_TEXT = frozenset({Role.TITLE, Role.ABSTRACT, Role.HEADING, Role.BODY, Role.LIST, Role.EQUATION})
"""Roles that stand first in a page's text, so that a sentence which runs around a float is one run of characters."""


class PageQuality(enum.StrEnum):
    """How far the text of a page can be trusted."""

    TEXT = "text"
    """Its own text layer."""
    OCR = "ocr"
    """Read from the picture of the page, by the assistant or by whoever made the file."""
    PICTURE = "picture"
    """A picture without text."""
    UNREADABLE = "unreadable"
    """Letters are there, but the file does not say which."""
    EMPTY = "empty"


class PassageKind(enum.StrEnum):
    """What a passage was cut from. References are found only on request."""

    TEXT = "text"
    CAPTION = "caption"
    ROW = "row"
    """One row of a table, with the table's header before it."""
    FOOTNOTE = "footnote"
    REFERENCE = "reference"


class StepKind(enum.StrEnum):
    """What a step of the reasoning does."""

    SEARCH = "search"
    EVIDENCE = "evidence"
    AGREEMENT = "agreement"
    DIFFERENCE = "difference"
    OBSERVATION = "observation"
    COMPARISON = "comparison"
    CAUSAL = "causal"
    QUANTITATIVE = "quantitative"
    CAVEAT = "caveat"
    CONCLUSION = "conclusion"


class FileStatus(enum.StrEnum):
    """How one file of an ingest ended."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    FLAGGED = "flagged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters on one page: `page.text[start:end]`.

    `page` is the 1-based physical page, or the paragraph in a file without pages; `boxes` holds one box per line of
    the run, in reading order.
    """

    page: int
    start: int
    end: int
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A run of one page's text with one role: `page.text[start:end]`.

    `section` is the path of headings it stands under ("Methods > Participants"); `level` is a heading's depth from 1,
    0 for any other block.
    """

    role: Role
    start: int
    end: int
    section: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read: its text in reading order and the blocks that tile it.

    `number` is the 1-based physical page, `label` the printed one (equal to the number where the file names none);
    `width` and `height` are points before /Rotate. `char_boxes` is zlib-compressed little-endian int32 in hundredths
    of a point, shape (len(text), 4), all zero for a character that has no place of its own (a space put in
    between two lines). `assistant.index.geometry` packs and unpacks it. In a file without pages each paragraph is a
    Page, `number` counts them, and there are no boxes.
    """

    number: int
    label: str
    width: float
    height: float
    text: str
    blocks: tuple[Block, ...] = ()
    char_boxes: bytes = b""
    quality: PageQuality = PageQuality.TEXT


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: `page.text[start:end]`, which may be empty.

    `row` and `column` count from 0 at the top left; `rows` and `columns` say how many it covers; `header` that it
    names a column.
    """

    row: int
    column: int
    start: int
    end: int
    rows: int = 1
    columns: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page. `label` is as printed ("Table 2"; "" for none), `caption` where it stands."""

    page: int
    label: str
    box: Box
    cells: tuple[Cell, ...]
    caption: Span | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """The region of a page that a figure takes up, without its caption. `label` is as printed ("Figure 1")."""

    page: int
    label: str
    box: Box
    caption: Span | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of a paper's list of references; several spans where it runs over a column or a page.

    `label` is its printed number or key. `year`, `doi`, `arxiv` and `title` are what could be told from `text`.
    """

    text: str
    spans: tuple[Span, ...]
    label: str = ""
    year: int | None = None
    doi: str = ""
    arxiv: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One file as read: its pages, what could be told of its metadata, and what is odd about it.

    `paged` is False for files without pages, whose `pages` are their paragraphs.
    """

    pages: tuple[Page, ...]
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    flags: tuple[str, ...] = ()
    arxiv: str = ""
    pmid: str = ""
    venue: str = ""
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    references: tuple[Reference, ...] = ()
    paged: bool = True


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of the library. `id` is the SHA-256 of the file's bytes: same bytes, same paper, however many paths.

    `work_id` is shared by the files of one work (preprint, published version); votes are counted per work. `source`
    says where title, authors and the like come from, where it is not the file alone.
    """

    id: str
    work_id: str
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    paths: tuple[Path, ...] = ()
    pages: int = 0
    passages: int = 0
    status: str = FileStatus.INDEXED
    flags: tuple[str, ...] = ()
    arxiv: str = ""
    pmid: str = ""
    venue: str = ""
    paged: bool = True
    source: str = ""

    @property
    def path(self) -> Path | None:
        """Where the file lies (absolute): the first of its paths that is still there, else the first; None for none."""
        return next((p for p in self.paths if p.exists()), self.paths[0] if self.paths else None)


@dataclass(frozen=True, slots=True)
class Related:
    """What a paper has to do with others of the library: the other files of its work, papers with nearly the same text
    (and the share they have in common), its references with the papers they name, the papers that cite it."""

    work: tuple[Paper, ...] = ()
    near_duplicates: tuple[tuple[Paper, float], ...] = ()
    references: tuple[tuple[Reference, Paper | None], ...] = ()
    cited_by: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one section, the unit of search.

    `text` is the spans' texts joined by a space; each span's text is `page.text[start:end]`, always. A passage that
    runs over a page break has a span for each page, a table's row one for the header and one for itself.
    """

    paper_id: str
    text: str
    spans: tuple[Span, ...]
    section: str = ""
    id: int = 0
    kind: PassageKind = PassageKind.TEXT


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query. `rank` counts from 1 by the fused order; `cosine` and `overlap` lie in 0..1
    (`overlap`: share of the query's idf-weighted words that the passage holds); `score` is the probability that
    the passage is relevant."""

    passage: Passage
    rank: int
    score: float
    cosine: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim quote from a passage, with its place. Frozen: it stays right when the paper is read again.

    `n` is the [n] of the answer; `text` is a substring of `passage.text`; `spans` carry the quote's boxes;
    `score` is the probability that the quote is relevant to the question; `stance` says which way it points for a
    claim (None where nothing judged it).
    """

    n: int
    text: str
    spans: tuple[Span, ...]
    passage: Passage
    paper: Paper
    score: float
    page_label: str = ""
    stance: Label | None = None

    @property
    def page(self) -> int | None:
        """1-based physical page on which the quote begins; None for formats without pages."""
        return self.spans[0].page if self.spans and self.paper.paged else None

    @property
    def paragraph(self) -> int | None:
        """1-based paragraph in which the quote begins, in a file without pages; None in one with pages."""
        return None if self.paper.paged or not self.spans else self.spans[0].page

    @property
    def path(self) -> Path | None:
        """Where the paper's file lies, as `Paper.path`."""
        return self.paper.path


Probabilities = tuple[float, float, float]
"""Of SUPPORTS, REFUTES, NOT_ENOUGH_INFO; they sum to 1."""


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """What one work says of a claim: its one vote. `evidence` holds the [n] of its best quotes for and against."""

    paper: Paper
    label: Label
    probabilities: Probabilities | None = None
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the papers say of a claim. `confidence` is None where it is not known; `conflict` says that works
    disagree, which three labels cannot; `n_for` and `n_against` count works, not passages. `reason` says why there is
    no decision or no confidence ("not judged: language"); `mismatches` name numbers, units and directions in which
    claim and evidence differ."""

    claim: str
    label: Label
    confidence: float | None = None
    calibrated: bool = False
    conflict: bool = False
    n_for: int = 0
    n_against: int = 0
    evidence: tuple[Evidence, ...] = ()
    method: str = ""
    papers: tuple[PaperVerdict, ...] = ()
    reason: str = ""
    mismatches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasoningStep:
    """One step of an answer; `evidence` holds the [n] it rests on. Where a language model wrote it, `quote` is the
    verbatim part of the evidence that it was written from, and `note` says what the checks found ("not supported")."""

    kind: StepKind
    text: str
    evidence: tuple[int, ...] = ()
    verdict: Verdict | None = None
    quote: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge of an answer's causal graph, as evidence [n] states it. `sign` is +1 (raises), -1 (lowers), 0 (no
    effect); `hedge` the words that weaken it, `study` the kind of study, "" where not told."""

    cause: str
    relation: str
    effect: str
    sign: int
    evidence: int
    hedge: str = ""
    study: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an answer was made from, enough to make it again. `models` are those that took part (writer, verifier) with
    the hash of what was loaded, `prompts` the SHA-256 of the prompts, `passages` the ids retrieved, in order; `counts`
    say what was dropped and why."""

    library_generation: int
    reader: str
    embedder: str
    models: tuple[str, ...] = ()
    seed: int = 0
    prompts: str = ""
    passages: tuple[int, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it stands, on as many lines; HTML and link syntax lose their meaning."""
    return re.sub(r"([\\`*_#\[\]()!|~$])", r"\\\1", html.escape(text, quote=False))


@dataclass(frozen=True, slots=True)
class Answer:
    """A question's answer. Every [n] in `text` and `steps` is in `evidence`. `id` names it in the history ("" where it
    is not kept); `standalone` is the question with its references to earlier ones resolved ("" for the same)."""

    question: str
    text: str
    abstained: bool
    steps: tuple[ReasoningStep, ...]
    evidence: tuple[Evidence, ...]
    provenance: Provenance
    verdicts: tuple[Verdict, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    id: str = ""
    standalone: str = ""
    relations: tuple[Relation, ...] = ()
    follow_ups: tuple[str, ...] = ()

    def _repr_markdown_(self) -> str:
        """What a notebook shows. Text from papers is escaped: a notebook would run HTML found in it."""
        lines = [escape_markdown(self.text), ""]
        for e in self.evidence:
            place = f"p. {e.page_label or e.page}" if e.page else f"¶ {e.paragraph}" if e.paragraph else "no page"
            lines.append(f"- **[{e.n}]** {escape_markdown(e.paper.title)}, {place}: “{escape_markdown(e.text)}”")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """What one work says on a question: its best sentences, likeliest first. `stance` is which way they point for a
    claim or a yes-no question (None for any other question); `verdict` is None where none was judged, and `note` says
    why a row is empty or not judged."""

    paper: Paper
    evidence: tuple[Evidence, ...] = ()
    stance: Label | None = None
    verdict: PaperVerdict | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question or claim with one row for each work. The [n] of the quotes run on from row to row; `method` says how
    stance and verdict were come by, `left_out` how many works with likely sentences had no room."""

    question: str
    rows: tuple[ComparisonRow, ...]
    claim: bool = False
    method: str = ""
    left_out: int = 0


class SummaryPart(enum.StrEnum):
    """What a line of a summary tells of its paper."""

    ASKS = "asks"
    DID = "did"
    FOUND = "found"
    WARNS = "warns of"
    SAYS = "says"
    """A line whose part in the paper could not be told."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A sentence of the paper, with its place, and what it tells."""

    part: SummaryPart
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Summary:
    """What a paper asks, did, found and warns of, in its own sentences. `notes` say what could not be told and why."""

    paper: Paper
    lines: tuple[SummaryLine, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """How one file of an ingest ended; `reason` is empty when all is well. `pages` are paragraphs where `paged` is
    False."""

    path: Path
    status: FileStatus
    reason: str = ""
    paper_id: str = ""
    pages: int = 0
    passages: int = 0
    seconds: float = 0.0
    title: str = ""
    paged: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an ingest stands: `stage` of `path`, `page` of `pages`, `done` of `total` files."""

    path: Path
    stage: str
    page: int
    pages: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IngestReport:
    """An ingest as a whole. `interrupted` says that it was stopped; what is listed is stored all the same."""

    files: tuple[FileReport, ...]
    seconds: float
    interrupted: bool = False

    def count(self, status: FileStatus) -> int:
        return sum(f.status is status for f in self.files)


class TaskState(enum.StrEnum):
    """Where a file stands that was handed in to be read."""

    WAITING = "waiting"
    """It has been received and checked."""
    READING = "reading"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FLAGGED = "flagged"
    UNCHANGED = "unchanged"
    """The library has it already."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The program ended twice while it was read."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file handed in to be read, as the library's database has it; it outlives the program and the page.

    `name` is what the reader calls the file, `path` where it lies (None where it was not kept), `size` its bytes.
    `page` of `pages` is being read; `reason` says why it failed or what is odd. Times are seconds since 1970; `begun`
    is None before it is read, `ended` before it is done with.
    """

    id: int
    name: str
    path: Path | None
    size: int
    state: TaskState
    added: float
    reason: str = ""
    page: int = 0
    pages: int = 0
    paper_id: str = ""
    sha256: str = ""
    attempts: int = 0
    begun: float | None = None
    ended: float | None = None


class FlagKind(enum.StrEnum):
    """The sort of thing that is odd about a paper; the papers' own flags are sentences."""

    SCAN = "scan"
    HIDDEN_TEXT = "hidden_text"
    DUPLICATE = "duplicate"
    ENCRYPTED = "encrypted"
    INCOMPLETE = "incomplete"
    LITTLE_TEXT = "little_text"
    RETRACTED = "retracted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Listing:
    """Which papers to list, and how. `flag` is a FlagKind, "any" or "none" ("" takes all); `sort` one of "title",
    "author", "year", "added", "pages"; `count` papers from the `first`, counted from 0."""

    words: str = ""
    year_from: int | None = None
    year_to: int | None = None
    flag: str = ""
    sort: str = "title"
    descending: bool = False
    first: int = 0
    count: int = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """The papers listed, each with what is odd about it, of `total` that there are."""

    papers: tuple[tuple[Paper, tuple[FlagKind, ...]], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Which passages a search may return; empty means all."""

    papers: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    section: str = ""
    references: bool = False
    """Whether entries of the papers' lists of references are found too."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One line of `assistant doctor`. `ok` is False only where something is lost or cannot work."""

    name: str
    ok: bool
    detail: str
