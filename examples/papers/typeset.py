"""A paper's source -> the bytes of its PDF, laid out as journals do: one or two columns under a full-width head.

Text is set in the fonts every PDF reader has, uncompressed and without dates or random ids, so that the same source
gives the same bytes. Knows nothing of files.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from figures import draw
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4, letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    FrameBreak,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from source_text import Paper, blocks, mark_up, read_hyphens

NOTICE = "Fictional sample paper written for testing software; not a real study."
GUTTER = 18.0
FOOT, FOOTNOTE = 50.0, 34.0
"""Height left under the columns, and what the first page's footnote takes above it (points)."""
HEAD = 58.0
LEAST_UNDER_HEADING = 52.0
"""Height a heading needs, with two lines of text under it; else it opens the next column."""
MAX_PAGES = 6
RULE = HexColor("#333333")


def typeset(paper: Paper) -> bytes:
    """The paper as a PDF whose last page has columns of even height."""
    layout = _Layout(paper)
    full = layout.build(0.0)
    if paper.columns == 1:
        return full[0]
    return _balance(layout, *full)


def _balance(layout: _Layout, data: bytes, pages: int) -> bytes:
    """Lower the last page's columns as far as the text still fits on as many pages (bisection to a point)."""
    low, high = 0.0, layout.height - HEAD - FOOT - 60
    while high - low > 1:
        middle = (low + high) / 2
        attempt, count = layout.build(middle, last_page=pages)
        if count == pages:
            low, data = middle, attempt
        else:
            high = middle
    return data


@dataclass(frozen=True, slots=True)
class _Styles:
    """Paragraph styles of one paper, sized for its number of columns."""

    two_columns: bool
    heading_font: str

    def _style(self, name: str, size: float, **options: object) -> ParagraphStyle:
        options = self._usual(size) | options
        return ParagraphStyle(name, fontSize=size, **options)

    def _usual(self, size: float) -> dict[str, object]:
        leading = size * (1.2 if self.two_columns else 1.27)
        return {"fontName": "Times-Roman", "leading": leading, "allowWidows": 0, "allowOrphans": 0}

    @property
    def body_size(self) -> float:
        return 9.2 if self.two_columns else 11.0

    def body(self, first: bool) -> ParagraphStyle:
        return self._style("body", self.body_size, alignment=TA_JUSTIFY, firstLineIndent=0 if first else 10)

    def abstract(self) -> ParagraphStyle:
        return self._style("abstract", self.body_size, alignment=TA_JUSTIFY, spaceAfter=4)

    def equation(self) -> ParagraphStyle:
        return self._style("equation", self.body_size, alignment=TA_CENTER, spaceBefore=5, spaceAfter=5)

    def section(self) -> ParagraphStyle:
        return self._style("section", 10.5, fontName=self.heading_font, spaceBefore=9, spaceAfter=3)

    def subsection(self) -> ParagraphStyle:
        font = {"Times-Bold": "Times-Italic"}.get(self.heading_font, "Helvetica-Oblique")
        return self._style("subsection", 9.4, fontName=font, spaceBefore=5, spaceAfter=2)

    def title(self) -> ParagraphStyle:
        align = 0 if self.heading_font.startswith("Helvetica") else TA_CENTER
        return self._style("title", 17, fontName=self.heading_font, alignment=align, spaceBefore=6, spaceAfter=8)

    def names(self) -> ParagraphStyle:
        return self._style("names", 11, alignment=self.title().alignment, spaceAfter=4)

    def small(self) -> ParagraphStyle:
        return self._style("small", 8, alignment=self.title().alignment, textColor=RULE)

    def notice(self) -> ParagraphStyle:
        return self._style("notice", 8.5, fontName="Helvetica-Oblique", alignment=TA_CENTER, textColor="#8a2b2b")

    def caption(self) -> ParagraphStyle:
        return self._style("caption", 8, spaceBefore=3, spaceAfter=3)

    def cell(self) -> ParagraphStyle:
        return self._style("cell", 7.8)

    def reference(self) -> ParagraphStyle:
        return self._style("reference", 7.8, leftIndent=15, firstLineIndent=-15, spaceAfter=1.5)


class _Layout:
    """One paper's flow of blocks and its pages; `build` may be called again with a shorter last page."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.hyphens = read_hyphens()
        self.width, self.height = A4 if paper.paper_size == "A4" else letter
        self.margin = 50.0 if paper.columns == 2 else 70.0
        self.text_width = self.width - 2 * self.margin
        self.column = (self.text_width - GUTTER) / 2 if paper.columns == 2 else self.text_width
        self.styles = _Styles(paper.columns == 2, "Helvetica-Bold" if paper.sans_headings else "Times-Bold")

    def build(self, shorter: float, last_page: int = 0) -> tuple[bytes, int]:
        """PDF and number of pages, the columns of `last_page` (1-based; 0: none) `shorter` by so many points."""
        buffer = io.BytesIO()
        document = BaseDocTemplate(
            buffer,
            pagesize=(self.width, self.height),
            pageCompression=0,
            invariant=1,
            title=self.paper.title,
            author=", ".join(name.split("^")[0] for name in self.paper.authors),
            subject=f"{NOTICE} {self.paper.journal} {self.paper.volume} ({self.paper.year}). doi:{self.paper.doi}",
            keywords=list(self.paper.keywords),
            creator="examples/papers/make.py",
            lang="en",
        )
        head = self._head()
        head_height = self._measure(head, self.text_width)
        document.addPageTemplates(
            [
                self._page(number, head_height, shorter if number == last_page else 0.0)
                for number in range(1, MAX_PAGES + 1)
            ]
        )
        later = NextPageTemplate([f"page{number}" for number in range(2, MAX_PAGES + 1)])
        document.build([later, *head, FrameBreak(), *self._body()])
        return buffer.getvalue(), document.page

    def _measure(self, story: list[Flowable], width: float) -> float:
        """Height of the flowables set one under the other in a column of `width`."""
        total = 0.0
        for flowable in story:
            total += flowable.wrap(width, 10_000)[1] + flowable.getSpaceBefore() + flowable.getSpaceAfter()
        return total

    def _page(self, number: int, head_height: float, shorter: float) -> PageTemplate:
        top, bottom = self.height - HEAD, FOOT + shorter
        frames = []
        if number == 1:
            bottom = FOOT + FOOTNOTE
            frames.append(self._frame(self.margin, top - head_height - 4, self.text_width, head_height + 4))
            top -= head_height + 10
        elif number == 2 and self.paper.wide:
            top -= self._measure(self._wide(), self.text_width) + 8
        for i in range(self.paper.columns):
            frames.append(self._frame(self.margin + i * (self.column + GUTTER), bottom, self.column, top - bottom))
        return PageTemplate(f"page{number}", frames, onPage=self._furniture(number))

    def _frame(self, x: float, y: float, width: float, height: float) -> Frame:
        return Frame(x, y, width, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)

    def _furniture(self, number: int) -> Callable[[Canvas, BaseDocTemplate], None]:
        """What is drawn on a page beside its columns: running head, page number, notice or footnote, wide float."""

        def on_page(canvas: Canvas, _: BaseDocTemplate) -> None:
            if number == 1:
                canvas.setDateFormatter(lambda *_: f"D:{self.paper.year}0701120000Z")
                canvas.addPageLabel(0, style="ARABIC", start=self.paper.first_page)
                self._first_page(canvas)
            else:
                self._running_head(canvas, number)
            if number == 2 and self.paper.wide:
                self._place(canvas, self._wide(), self.height - HEAD)
            canvas.setFont("Times-Roman", 8.5)
            canvas.drawCentredString(self.width / 2, 28, str(self.paper.first_page + number - 1))

        return on_page

    def _first_page(self, canvas: Canvas) -> None:
        paper = self.paper
        canvas.setFont("Times-Italic", 8.5)
        canvas.drawString(self.margin, self.height - 38, f"{paper.journal} {paper.volume} ({paper.year})")
        canvas.drawRightString(self.width - self.margin, self.height - 38, f"https://doi.org/{paper.doi}")
        self._rule(canvas, self.height - 43, self.text_width)
        self._rule(canvas, FOOT + FOOTNOTE - 8, 80)
        note = Paragraph(mark_up(paper.correspondence, {}), self.styles._style("footnote", 7.6))
        note.wrap(self.column, 100)
        note.drawOn(canvas, self.margin, FOOT + FOOTNOTE - 12 - note.height)

    def _running_head(self, canvas: Canvas, number: int) -> None:
        canvas.setFont("Times-Italic", 8.5)
        if number % 2 == 0:
            canvas.drawString(self.margin, self.height - 38, self.paper.short_authors)
            canvas.drawRightString(self.width - self.margin, self.height - 38, self.paper.journal)
        else:
            canvas.drawString(self.margin, self.height - 38, self.paper.short_title)
            canvas.drawRightString(
                self.width - self.margin, self.height - 38, f"{self.paper.volume} ({self.paper.year})"
            )
        self._rule(canvas, self.height - 43, self.text_width)

    def _rule(self, canvas: Canvas, y: float, length: float) -> None:
        canvas.setLineWidth(0.5)
        canvas.setStrokeColor(RULE)
        canvas.line(self.margin, y, self.margin + length, y)

    def _place(self, canvas: Canvas, story: list[Flowable], top: float) -> None:
        for flowable in story:
            top -= flowable.getSpaceBefore() + flowable.wrapOn(canvas, self.text_width, 10_000)[1]
            flowable.drawOn(canvas, self.margin, top)
            top -= flowable.getSpaceAfter()

    def _text(self, text: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(mark_up(text, self.hyphens), style)

    def _head(self) -> list[Flowable]:
        paper, styles = self.paper, self.styles
        names = ", ".join(_with_marks(name) for name in paper.authors)
        places = [
            Paragraph(mark_up(f"<super>{i}</super> {p}", {}), styles.small())
            for i, p in enumerate(paper.affiliations, 1)
        ]
        return [
            Paragraph(NOTICE, styles.notice()),
            Paragraph(mark_up(paper.title, {}), styles.title()),
            Paragraph(mark_up(names, {}), styles.names()),
            *places,
            Paragraph(paper.dates, styles.small()),
            self._abstract(),
        ]

    def _abstract(self) -> Table:
        inset = 14.0 if self.paper.columns == 1 else 0.0
        text = [
            self._text(f"<b>Abstract.</b> {self.paper.abstract}", self.styles.abstract()),
            self._text(f"<b>Keywords:</b> {'; '.join(self.paper.keywords)}", self.styles.caption()),
        ]
        table = Table([[text]], colWidths=[self.text_width - 2 * inset], spaceBefore=7, spaceAfter=3)
        lines = [("LINEABOVE", (0, 0), (-1, 0), 0.5, RULE), ("LINEBELOW", (0, -1), (-1, -1), 0.5, RULE)]
        table.setStyle(
            TableStyle([*lines, ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)])
        )
        return table

    def _body(self) -> list[Flowable]:
        story: list[Flowable] = []
        first = True
        for kind, text in blocks(self.paper.body):
            if kind in ("figure", "table"):
                story += [] if kind == self.paper.wide else [KeepTogether(self._float(kind, self.column))]
                continue
            if kind == "equation":
                story.append(self._text(text, self.styles.equation()))
            elif kind == "paragraph":
                story.append(self._text(text, self.styles.body(first)))
            else:
                style = self.styles.section() if kind == "section" else self.styles.subsection()
                story += [CondPageBreak(LEAST_UNDER_HEADING), Paragraph(text, style)]
            first = kind != "paragraph"
        return story + self._back()

    def _back(self) -> list[Flowable]:
        """Statements and numbered references."""
        story: list[Flowable] = []
        for statement in self.paper.statements:
            story.append(Paragraph(mark_up(statement, self.hyphens), self.styles.caption()))
        story += [CondPageBreak(LEAST_UNDER_HEADING), Paragraph("References", self.styles.section())]
        for i, reference in enumerate(self.paper.references, 1):
            story.append(Paragraph(f"{i}.&nbsp; {mark_up(reference, {})}", self.styles.reference()))
        return story

    def _wide(self) -> list[Flowable]:
        return self._float(self.paper.wide, self.text_width)

    def _float(self, kind: str, width: float) -> list[Flowable]:
        return self._figure(width) if kind == "figure" else self._table(width)

    def _figure(self, width: float) -> list[Flowable]:
        figure = self.paper.figure
        height = figure.get("height", 150)
        caption = self._text(f"<b>Figure 1.</b> {figure['caption']}", self.styles.caption())
        return [Spacer(0, 5), draw(figure, width, height), caption, Spacer(0, 5)]

    def _table(self, width: float) -> list[Flowable]:
        table = self.paper.table
        cell = self.styles.cell()
        rows = [[Paragraph(f"<b>{mark_up(c, {}).replace(' (', '<br/>(')}</b>", cell) for c in table["head"]]]
        rows += [[Paragraph(mark_up(c, {}), cell) for c in row] for row in table["rows"]]
        shares = table["widths"]
        grid = Table(rows, colWidths=[width * s / sum(shares) for s in shares])
        grid.setStyle(_booktabs())
        caption = self._text(f"<b>Table 1.</b> {table['caption']}", self.styles.caption())
        note = self._text(table["note"], self.styles.caption())
        return [Spacer(0, 5), caption, grid, note, Spacer(0, 5)]


def _booktabs() -> TableStyle:
    return TableStyle(
        [
            ("LINEABOVE", (0, 0), (-1, 0), 0.9, RULE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, RULE),
            ("LINEBELOW", (0, -1), (-1, -1), 0.9, RULE),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )


def _with_marks(name: str) -> str:
    """An author as "Name^1,2" -> the name with the numbers of its affiliations raised."""
    plain, _, marks = name.partition("^")
    return f"{plain}<super>{marks}</super>" if marks else plain
