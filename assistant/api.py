"""The public class: one library, one embedder, everything the command line, the page and lab tools call.

Wiring only: what is done is decided in `index`, `reasoning` and `claims`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from assistant.config import BUILT_IN_EMBEDDER, Settings, find_library, load_settings
from assistant.errors import AssistantError, LibraryError, UsageError
from assistant.loaded import Loaded
from assistant.types import (
    Answer,
    Comparison,
    Document,
    Evidence,
    FileReport,
    Filters,
    FlagKind,
    HealthCheck,
    IngestReport,
    Listed,
    Listing,
    Page,
    Paper,
    Passage,
    PassageKind,
    Progress,
    ReasoningStep,
    Reference,
    Related,
    Summary,
    Verdict,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever

    from assistant.conversation import Conversation, Resolve
    from assistant.encoders import Embedder
    from assistant.experiments import DataVerdict
    from assistant.history import History
    from assistant.index.evidence import LibraryRetriever
    from assistant.index.library import Library
    from assistant.index.picture import Picture
    from assistant.index.rerank import Reranker
    from assistant.intake import Intake
    from assistant.replay import Replay
    from assistant.verification import Verifier
    from assistant.workshop import Workshop
    from assistant.writing import Writer

Mode = Literal["ask", "check", "compare"]
StreamEvent = ReasoningStep | Evidence | Answer | Verdict
EVERYTHING = Filters()
WRITER_OPTIONS = ("adapter", "device", "seed", "four_bit", "context_tokens", "chat_template")
"""Settings that a writer is loaded with, beside its name."""


class Assistant:
    """Your papers, to ask.

        assistant = Assistant("library")
        assistant.ingest("papers/")
        print(assistant.ask("Does it help?").evidence[0].text)

    Safe to share between threads. Raises AssistantError, and nothing else on purpose.
    """

    def __init__(
        self, library: str | Path | None = None, *, settings: Settings | None = None, **overrides: Any
    ) -> None:
        """`library` is a folder (default: the nearest `.assistant/` upward, else the user's own); `overrides` are
        fields of Settings, of which `model` may also be a langchain-core chat model. Nothing is opened or made before
        it is needed."""
        given = overrides.get("model")
        self._model: BaseChatModel | None = None if given is None or isinstance(given, str) else overrides.pop("model")
        self.settings = settings or load_settings(library=library, **overrides)
        self.given = frozenset(n for n, v in {"library": library, "model": given, **overrides}.items() if v is not None)
        """The settings that came as arguments; they win over variables and file."""
        self.folder = find_library(self.settings)
        self._library: Library | None = None
        self._intake: Intake | None = None
        self._embedder: Embedder | None = None
        self._verifier: Verifier | None = None
        self._writer: Writer | None = None
        self._reranker: Reranker | None = None
        self._loaded = Loaded()
        self._guard = threading.RLock()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the library's files."""
        if self._intake is not None:
            self._intake.close()
            self._intake = None
        if self._library is not None:
            self._library.close()
            self._library = None

    def with_settings(self, settings: Settings) -> Assistant:
        """The same library with other settings; the models loaded are shared where they name the same ones."""
        other = self._sharing(replace(settings, library=self.folder))
        for attribute, named in (
            ("_embedder", ("embedder",)), ("_verifier", ("verifier",)), ("_reranker", ("rerank", "reranker")),
            ("_writer", ("model", *WRITER_OPTIONS)),
        ):  # fmt: skip
            if all(getattr(settings, n) == getattr(self.settings, n) for n in ("device", *named)):
                setattr(other, attribute, getattr(self, attribute))
        return other

    def beside(self, library: str | Path) -> Assistant:
        """Another library with the same settings; each model is loaded once for both, whichever asks for it first."""
        return self._sharing(replace(self.settings, library=Path(library)))

    def _sharing(self, settings: Settings) -> Assistant:
        other = Assistant(settings=settings)
        other._model, other.given, other._loaded = self._model, self.given, self._loaded
        return other

    # papers

    def ingest(self, *paths: str | Path, rehash: bool = False, password: str = "") -> IngestReport:
        """Read files and folders into the library; unchanged files cost next to nothing. `password` opens those that
        are encrypted.

        Raises UsageError where there is nothing to read; a file that fails is in the report, not an error.
        """
        *_, report = self.ingest_events(*paths, rehash=rehash, password=password)
        assert isinstance(report, IngestReport)
        return report

    def ingest_events(
        self,
        *paths: str | Path,
        rehash: bool = False,
        password: str = "",
        cancel: threading.Event | None = None,
        patience: float = 0.0,
    ) -> Iterator[Progress | FileReport | IngestReport]:
        """As `ingest`, telling what happens: Progress while at work, a FileReport for each file once it is stored
        (or has failed), the IngestReport last. Set `cancel` to stop after the paper in hand; `patience` is for how many
        seconds to wait where another process (the page) is writing."""
        from assistant.index.ingest import check_settings, ingest
        from assistant.index.sandbox import Limits

        library = self._open(create=True)
        if self.settings.embedder is not None and library.store.setting("embedder"):
            check_settings(library, self.embedder())
        yield from ingest(
            [Path(p) for p in paths],
            library,
            self.embedder,
            workers=self.settings.workers,
            target=self.settings.passage_tokens,
            rehash=rehash,
            limits=Limits(ocr=self.settings.ocr == "auto"),
            password=password,
            cancel=cancel,
            patience=patience,
        )

    def read(self, path: str | Path, *, password: str = "") -> Document:
        """What is read of one file, without putting it into the library. Raises ReadError where nothing can be."""
        from assistant.index.sandbox import Limits, read_paper

        return read_paper(Path(path), limits=Limits(ocr=self.settings.ocr == "auto"), password=password)

    def draw(self, path: str | Path, page: int, *, dpi: float | None = None, password: str = "") -> Picture:
        """A page of a PDF (1-based) as it is shown, with the matrix that takes boxes onto it; `dpi` None: such that
        eight-point type can be read. Raises ReadError."""
        from assistant.index.picture import DPI, draw_page

        return draw_page(Path(path), page, dpi=dpi or DPI, password=password)

    def original(self, paper: Paper) -> Path | None:
        """Where the very file lies that the paper was read from, bytes unchanged; None where there is none any more."""
        from assistant.index.original import original

        return original(paper)

    def figure(self, evidence: Evidence, *, password: str = "") -> bytes | None:
        """The figure whose caption a quote comes from, cut out of its page as PNG; None where it is from no figure's
        caption. Raises ReadError where the file cannot be drawn any more."""
        if evidence.passage.kind is not PassageKind.CAPTION or evidence.path is None:
            return None
        at = evidence.passage.spans[0]
        figures = self._open().store.document(evidence.paper.id).figures
        mine = (
            f
            for f in figures
            if f.caption and f.caption.page == at.page and f.caption.start <= at.start < f.caption.end
        )
        found = next(mine, None)
        return self.draw(evidence.path, found.page, password=password).crop(found.box) if found else None

    def papers(self) -> list[Paper]:
        """All papers of the library, by title; none where there is no library yet."""
        return self._open().store.papers() if self.exists() else []

    def listing(self, wanted: Listing) -> Listed:
        """Some of the papers: searched, filtered, sorted, a page at a time. Raises UsageError."""
        from assistant.index.listing import list_papers

        return list_papers(self._open().store, wanted) if self.exists() else Listed((), 0)

    def flag_kinds(self, paper_id: str) -> tuple[FlagKind, ...]:
        """What is odd about a paper. Raises UsageError for an id that is none or several."""
        from assistant.index.listing import flag_kinds

        paper = self.paper(paper_id)
        return flag_kinds(paper, several_files=bool(self.work(paper.id)))

    def intake(self) -> Intake:
        """The files handed in to be read in the background, and the removals that can still be taken back."""
        from assistant.intake import Intake

        with self._guard:
            if self._intake is None:
                limit = self.settings.upload_megabytes * 2**20
                self._intake = Intake(lambda: self._open(create=True), self.exists, self.ingest_events, limit=limit)
            return self._intake

    def size(self) -> tuple[int, int, int]:
        """Papers and passages of the library, and its generation, which counts its changes."""
        if not self.exists():
            return 0, 0, 0
        store = self._open().store
        return store.n_papers, store.n_passages, store.generation

    def pages(self, paper_id: str, first: int = 1, count: int = 1) -> list[Page]:
        """What was read of a paper: `count` of its pages (or paragraphs) from number `first` on."""
        store = self._open().store
        return store.some_pages(self.paper(paper_id).id, first, count)

    def paper(self, paper_id: str) -> Paper:
        """The paper whose id begins so. Raises UsageError for none or several."""
        return self._open().store.paper(paper_id)

    def passages(self, paper_id: str) -> list[Passage]:
        """The passages of a paper, in order."""
        return self._open().store.passages_of(self.paper(paper_id).id)

    def edit(
        self,
        paper_id: str,
        *,
        title: str | None = None,
        authors: Sequence[str] | None = None,
        year: int | str | None = None,
        doi: str | None = None,
        venue: str | None = None,
    ) -> Paper:
        """Say what a paper is called, by whom, from when; kept over every later reading and above any bibliography. An
        empty value takes an earlier edit back. Returns the paper as it is now. Raises UsageError for a year or DOI that
        is none."""
        from assistant.index.edits import changes

        paper = self.paper(paper_id)
        record, cleared = changes(title=title, authors=authors, year=year, doi=doi, venue=venue)
        self._open().edit(paper.id, record, cleared)
        return self.paper(paper.id)

    def references(self, paper_id: str) -> list[tuple[Reference, Paper | None]]:
        """The entries of a paper's list of references, each with the paper of the library that it names, if any."""
        from assistant.index import relations

        return relations.references(self._open().store, self.paper(paper_id).id)

    def cited_by(self, paper_id: str) -> list[Paper]:
        """The papers of the library that cite this one (or another file of its work)."""
        from assistant.index import relations

        return relations.cited_by(self._open().store, self.paper(paper_id).id)

    def work(self, paper_id: str) -> list[Paper]:
        """The other files of the same work: its preprint, its published version, its supplement."""
        from assistant.index import relations

        return relations.work(self._open().store, self.paper(paper_id).id)

    def near_duplicates(self, paper_id: str) -> list[tuple[Paper, float]]:
        """The papers whose text is nearly the same, with the share (0..1) that they have in common."""
        from assistant.index import relations

        return relations.near_duplicates(self._open().store, self.paper(paper_id).id)

    def related(self, paper_id: str) -> Related:
        """What the paper has to do with others of the library: all that the four methods above tell."""
        return Related(
            tuple(self.work(paper_id)),
            tuple(self.near_duplicates(paper_id)),
            tuple(self.references(paper_id)),
            tuple(self.cited_by(paper_id)),
        )

    def bibtex(self, *paper_ids: str) -> str:
        """The papers named (all, where none is) as BibTeX entries."""
        from assistant.index.records.bibtex import bibtex

        papers = self.papers()
        return bibtex([self.paper(i) for i in paper_ids] or papers, among=papers)

    def remove(self, paper_id: str) -> Paper:
        """Forget a paper (its id, or the beginning of it); the file stays where it is. Returns what was removed."""
        paper = self.paper(paper_id)
        self._open().remove(paper.id)
        return paper

    def reembed(self) -> Iterator[Progress]:
        """Cut and embed the whole library anew, with the embedder and passage length of the settings."""
        from assistant.index.ingest import reembed

        library = self._open()
        with self._guard:
            self._embedder = self._load(self.settings.embedder or BUILT_IN_EMBEDDER)
        yield from reembed(library, self._embedder, target=self.settings.passage_tokens)

    def embedded_with(self) -> str:
        """The name of the library's embedder; "" for a library without papers."""
        return self._open().store.setting("embedder").partition("@")[0] if self.exists() else ""

    def n_passages(self) -> int:
        """How many passages the library has."""
        return self._open().store.n_passages if self.exists() else 0

    def doctor(self, *, fix: bool = False) -> list[HealthCheck]:
        """Whether database, passages, index, disk, files and model are sound; `fix` mends what can be mended."""
        checks = self._open().doctor(fix=fix)
        try:
            embedder = self.embedder()
            model = HealthCheck("model", True, f"{embedder.id}, {embedder.dimension} dimensions")
        except AssistantError as error:
            model = HealthCheck("model", False, str(error))
        return [*checks, model]

    def exists(self) -> bool:
        """Whether there is a library in the folder."""
        from assistant.index.schema import DATABASE

        return (self.folder / DATABASE).is_file() or self.folder.is_file()

    # questions

    def ask(self, question: str, *, filters: Filters = EVERYTHING, cancel: threading.Event | None = None) -> Answer:
        """Answer from the papers, with quotes, or abstain; where a model is set, in steps that it writes from them.
        Raises UsageError for an empty or endless question, LibraryError for an empty library, ModelError where the
        model fails before anything was written, Cancelled."""
        *_, answer = self.stream(question, filters=filters, cancel=cancel)
        assert isinstance(answer, Answer)
        return answer

    def check(self, claim: str, *, filters: Filters = EVERYTHING, cancel: threading.Event | None = None) -> Verdict:
        """Whether the papers support or refute a claim, with quotes for and against. Raises as `ask` does."""
        *_, verdict = self.stream(claim, mode="check", filters=filters, cancel=cancel)
        assert isinstance(verdict, Verdict)
        return verdict

    def check_data(self, claim: str, path: str | Path) -> DataVerdict:
        """Whether a table of measurements (CSV, TSV, XLSX, Parquet) bears a claim out, with the rows and the
        computation. Needs no library. Raises UsageError for an empty claim or no file, ReadError for no table."""
        from assistant.experiments import check_table

        return check_table(claim, Path(path))

    def stream(
        self,
        question: str,
        *,
        mode: Mode = "ask",
        filters: Filters = EVERYTHING,
        cancel: threading.Event | None = None,
        searcher: LibraryRetriever | None = None,
    ) -> Iterator[StreamEvent]:
        """As `ask` (or `check`), telling each step and each piece of evidence as it is found; the Answer (or the
        Verdict) comes last. "compare" answers with what each work says, one row a work. When `cancel` is set it ends
        after the step in hand, raising Cancelled; where a model writes, with the Answer as far as it came. `searcher`:
        one that `searcher()` gave, to ask it afterwards what was found."""
        from assistant import loop, reasoning

        if mode != "check" and (events := self._overview(question, mode, filters, cancel, searcher)) is not None:
            yield from events
            return
        run = reasoning.check_claim if mode == "check" else reasoning.answer
        searcher, verifier = searcher or self.searcher(), self.verifier()
        writer = self.writer() if mode == "ask" else None
        if writer is not None:
            yield from loop.write_answer(
                question, searcher, writer, verifier=verifier, settings=self.settings, filters=filters, cancel=cancel
            )
            return
        yield from run(question, searcher, verifier=verifier, settings=self.settings, filters=filters, cancel=cancel)

    def writer(self) -> Writer | None:
        """What writes answers, loaded once; None where quotes alone do. It is the model that was named, never another
        one. Raises UsageError and ModelError as `assistant.writers.load_writer`."""
        from assistant.writers import EXTRACTIVE, load_writer

        s = self.settings
        with self._guard:
            if self._writer is None and (self._model is not None or s.model != EXTRACTIVE or s.adapter):
                options = {n: getattr(s, n) for n in WRITER_OPTIONS}
                name = ("writer", s.model if self._model is None else id(self._model), *options.values())
                self._writer = self._loaded.get(name, lambda: load_writer(self._model or s.model, **options))
            return self._writer

    def verifier(self) -> Verifier:
        """What judges claims and steps, loaded once. Raises ModelError for an adapter that is missing, damaged, or
        belongs to another base."""
        from assistant.finetune import load_verifier
        from assistant.finetune.adapters import find_adapter

        device = self.settings.device
        with self._guard:
            if self._verifier is None:
                folder = find_adapter(self.settings.verifier or None).folder  # the one in use may change
                load = partial(load_verifier, folder, device=device)
                self._verifier = self._loaded.get(("verifier", folder, device), load)
            return self._verifier

    def judge_anew(self) -> None:
        """Judge with the adapter that is in use now, not with the one that was loaded."""
        with self._guard:
            self._verifier = None

    def workshop(self) -> Workshop:
        """Settings that are kept, trainings and re-indexing in the background, and the adapters at hand."""
        from assistant.workshop import Workshop

        return Workshop(self)

    # conversations

    def conversation(self, id: str = "", *, resolve: Resolve | None = None) -> Conversation:  # noqa: A002
        """Questions that may lean on earlier ones, kept in the library's folder: a new conversation, or the one whose
        id begins so. `resolve` reads follow-ups in place of the rules. Raises UsageError for an id that is none."""
        from assistant import conversation, followup

        history = self.history()
        found = history.thread(id).id if id else ""
        return conversation.Conversation(self, history, found, resolve=resolve or followup.resolve)

    def history(self) -> History:
        """The conversations kept with the library: list, show, search, rename, delete."""
        from assistant.history import History

        return History(self.folder)

    def replay(self, answer_id: str) -> Replay:
        """Make a kept answer again, with the settings of then, and say exactly what is different. Raises UsageError for
        an answer that is not there or was never complete."""
        from assistant import replay

        return replay.replay(self, answer_id)

    def _overview(
        self,
        question: str,
        mode: Mode,
        filters: Filters,
        cancel: threading.Event | None,
        searcher: LibraryRetriever | None,
    ) -> Iterator[StreamEvent] | None:
        """The events of a question that asks for a summary or a comparison; None for any other."""
        from assistant.intents import comparison_of, intent_of
        from assistant.overview import overview

        intent = comparison_of(question) if mode == "compare" else intent_of(question)
        if intent is None:
            return None
        settings, verifier = self.settings, self.verifier()
        return overview(
            question, searcher or self.searcher(), self.papers(), self.passages, settings=settings, filters=filters,
            verifier=verifier, cancel=cancel, intent=intent,
        )  # fmt: skip

    def compare(
        self,
        question: str,
        *,
        papers: Sequence[str] = (),
        filters: Filters = EVERYTHING,
        judge: bool = True,
        cancel: threading.Event | None = None,
    ) -> Comparison:
        """What each work says on a question or claim: one row a work, with its best sentences. `papers` are ids, or
        beginnings of them; none: the works that bear on it. `judge`: a claim gets a verdict for each work from the
        verifier in use. Raises as `ask` does, and UsageError for an id that is none."""
        from assistant.worktable import compare_works, is_claim

        verifier = self.verifier() if judge and is_claim(question) else None
        return compare_works(
            question,
            self.searcher(),
            papers=[self.paper(i) for i in papers],
            verifier=verifier,
            filters=filters,
            settings=self.settings,
            cancel=cancel,
        )

    def summary(self, paper_id: str) -> Summary:
        """What a paper asks, did, found and warns of, in its own sentences. Raises UsageError for an id that is none
        or several."""
        from assistant.summary import summarise

        paper = self.paper(paper_id)
        return summarise(paper, self.passages(paper.id), self.searcher())

    def evaluate(
        self,
        *,
        n: int = 100,
        variants: Sequence[str] = (),
        say: Callable[[str], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> dict[str, Any]:
        """How well this library's own passages are found, and how often nothing is mistaken for an answer, by a test
        set made of them by rule: at most `n` queries of each kind, the same for equal libraries and seeds. `variants`:
        settings to compare ("candidates=200"). Raises UsageError, LibraryError, Cancelled."""
        from assistant.index.evaluation import stages
        from assistant.library_evaluation import evaluate_library, varied
        from assistant.library_gold import make_gold

        if n < 1:
            raise UsageError(f"--n is {n}; it must be at least 1")
        settings, searcher, library = varied(self.settings, variants), self.searcher(), self._open()
        gold = make_gold(self.papers(), self.passages, searcher.frequency, n=n, seed=self.settings.seed)
        with ExitStack() as opened:
            others = {name: opened.enter_context(self.with_settings(s)) for name, s in settings.items()}
            result = evaluate_library(
                gold,
                stages(library.store, library.index(), self.embedder()),
                {name: (other.searcher(), other.settings) for name, other in others.items()},
                lambda text: self.check(text, cancel=cancel),
                say=say,
                cancel=cancel,
            )
        works, passages = searcher.describe()
        made = {
            "works": works,
            "passages": passages,
            "embedder": self.embedder().id,
            "seed": self.settings.seed,
            "n": n,
        }
        return made | result

    def searcher(self) -> LibraryRetriever:
        """What reasoning asks for passages, places and papers."""
        from assistant.index.evidence import LibraryRetriever

        library = self._open()
        if not library.store.n_passages:
            raise LibraryError(f"the library {self.folder} is empty; add papers with `assistant ingest FOLDER`")
        return LibraryRetriever(library, self.embedder(), self.settings, reranker=self.reranker())

    def reranker(self) -> Reranker | None:
        """What reads the first passages found again, loaded once; None where `rerank` is 0. Raises ModelError for one
        that is missing, damaged or of another task."""
        from assistant.finetune import load_reranker

        with self._guard:
            if self._reranker is None and self.settings.rerank:
                name, device = self.settings.reranker, self.settings.device
                load = partial(load_reranker, name, device=device)
                self._reranker = self._loaded.get(("reranker", name, device), load)
            return self._reranker

    def retriever(self, *, k: int = 10, filters: Filters = EVERYTHING) -> BaseRetriever:
        """The library as a langchain-core retriever of at most `k` documents."""
        from assistant.index.retriever import PaperRetriever

        return PaperRetriever(searcher=self.searcher(), k=k, filters=filters)

    def embedder(self) -> Embedder:
        """The library's embedder, loaded once. Raises ModelError, and EmbedderMismatch where another one is set."""
        with self._guard:
            recorded = self._open().store.setting("embedder") if self.exists() else ""
            if self._embedder is None or (recorded != self._embedder.id and recorded and not self.settings.embedder):
                name = recorded.partition("@")[0]  # another process may have embedded the library anew
                self._embedder = self._load(self.settings.embedder or name or BUILT_IN_EMBEDDER)
            return self._embedder

    def _load(self, name: str) -> Embedder:
        from assistant.encoders import load_embedder

        device = self.settings.device
        return self._loaded.get(("embedder", name, device), partial(load_embedder, name, device=device))

    def _open(self, *, create: bool = False) -> Library:
        from assistant.index.library import Library

        with self._guard:
            if self._library is None:
                self._library = Library(self.folder, create=create)
            return self._library
