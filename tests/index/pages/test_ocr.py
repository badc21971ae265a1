"""Scans: pictures of pages whose text is known, read by tesseract where it is installed."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from assistant.errors import ReadError
from assistant.index.geometry import unpack
from assistant.index.pages import scans
from assistant.index.pages.ocr import find_engine
from assistant.index.sandbox import Limits, read_paper
from assistant.types import Document, PageQuality, Role
from tests.index.reading import read, write

SAMPLE = Path(__file__).parents[3] / "examples" / "papers" / "velorite-field-trial.pdf"
WORDS = re.compile(r"[A-Za-z]{3,}|\d+(?:\.\d+)?")
needs_tesseract = pytest.mark.skipif(find_engine() is None, reason="tesseract is not installed")
SHEET = ["A first page of text that says a thing or two.\nIt has one more line."] * 2


def picture(path: Path, page: int = 1, dpi: int = 200) -> Image.Image:
    with pypdfium2.PdfDocument(path) as document:
        return document[page - 1].render(scale=dpi / 72).to_pil().convert("L")


def scan(folder: Path, *pages: Image.Image, name: str = "scan.pdf", dpi: int = 200) -> Path:
    path = folder / name
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=dpi)
    return path


@pytest.fixture(scope="module")
def first_page(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_paper(scan(tmp_path_factory.mktemp("scan"), picture(SAMPLE)))


def places(text: str, boxes: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Each word with the box around its characters."""
    found = []
    for word in WORDS.finditer(text):
        own = boxes[word.start() : word.end()]
        own = own[(own != 0).any(axis=1)]
        if len(own):
            found.append((word[0], np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])))
    return found


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union."""
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))


@needs_tesseract
def test_a_scan_reads_as_the_page_it_shows(first_page: Document) -> None:
    (page,) = first_page.pages
    assert page.quality is PageQuality.OCR
    assert first_page.flags == ("p. 1 was read by OCR",)
    truth = read(SAMPLE)[0]
    true_words = sorted(WORDS.findall(truth.text))
    seen = sorted(WORDS.findall(page.text))
    matched = sum(m.size for m in difflib.SequenceMatcher(None, true_words, seen, autojunk=False).get_matching_blocks())
    assert matched / len(true_words) >= 0.95
    assert first_page.title.startswith("Velorite raises the marketable yield of field tomatoes on loam")
    assert first_page.doi == "10.5555/toss.2021.0117"


@needs_tesseract
def test_words_of_a_scan_lie_where_they_are_shown(first_page: Document) -> None:
    page, truth = first_page.pages[0], read(SAMPLE)[0]
    true_places = places(truth.text, unpack(truth.char_boxes))
    seen = places(page.text, unpack(page.char_boxes))
    pairs = difflib.SequenceMatcher(None, [w for w, _ in true_places], [w for w, _ in seen], autojunk=False)
    found = [
        overlap(true_places[a + i][1], seen[b + i][1]) for a, b, n in pairs.get_matching_blocks() for i in range(n)
    ]
    assert len(found) > 0.8 * len(true_places)
    assert np.median(found) > 0.6
    assert np.mean(np.array(found) > 0.3) > 0.95


@needs_tesseract
def test_headings_and_columns_of_a_scan_are_told(first_page: Document) -> None:
    (page,) = first_page.pages
    headings = [page.text[b.start : b.end].strip() for b in page.blocks if b.role is Role.HEADING]
    assert "1. Introduction" in headings
    left = page.text.index("Tomato is the most thirsty")
    assert left < page.text.index("No trial has followed") < page.text.index("Ripe fruit was picked weekly")


@needs_tesseract
@pytest.mark.parametrize(
    ("entries", "turned"),
    [
        ("/Rotate 90", 0),
        pytest.param("", 90, marks=pytest.mark.soak),
        pytest.param("/Rotate 270", 180, marks=pytest.mark.soak),
    ],
)
def test_a_turned_scan_has_its_words_where_they_are_shown(tmp_path: Path, entries: str, turned: int) -> None:
    """The page is turned, or the paper lay on its side on the glass."""
    path = scan(tmp_path, picture(SAMPLE).crop((100, 640, 860, 900)).rotate(turned, expand=True))
    data = path.read_bytes().replace(b"/Type /Page\n", b"/Type /Page\n" + entries.encode() + b"\n", 1)
    assert entries.encode() in data
    path.write_bytes(data)
    document = read_paper(path)
    assert document.flags[0] == "p. 1 was read by OCR"
    (page,) = document.pages
    assert "velorite" in page.text.lower()
    at = page.text.index("Introduction")
    own = unpack(page.char_boxes)[at : at + 12]
    box = np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])
    with pypdfium2.PdfDocument(path) as pdf:
        sheet = pdf[0]
        sheet.set_rotation(0)
        shown = sheet.render(scale=4, crop=(box[0], box[1], sheet.get_width() - box[2], sheet.get_height() - box[3]))
    assert (np.asarray(shown.to_pil().convert("L")) < 128).mean() > 0.1
    across, up = box[2:] - box[:2]
    assert (up > 4 * across) == (turned == 90)


@needs_tesseract
def test_a_crop_box_moves_no_word(tmp_path: Path) -> None:
    path = scan(tmp_path, picture(SAMPLE))
    box = b"/CropBox [ 40 480 560 580 ]\n"
    path.write_bytes(path.read_bytes().replace(b"/Type /Page\n", b"/Type /Page\n" + box, 1))
    page, truth = read_paper(path).pages[0], read(SAMPLE)[0]
    for words in ("thirsty", "Growers", "Volumetric"):
        mine, true = page.text.find(words), truth.text.find(words)
        assert mine >= 0, words
        a = unpack(page.char_boxes)[mine : mine + 6].mean(axis=0)
        b = unpack(truth.char_boxes)[true : true + 6].mean(axis=0)
        assert np.abs(a - b).max() < 4


@needs_tesseract
def test_text_pages_and_scans_in_one_file(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.append(write(tmp_path, SHEET))
    writer.append(scan(tmp_path, picture(SAMPLE).crop((0, 100, 1654, 500))))
    path = tmp_path / "mixed.pdf"
    writer.write(path)
    document = read_paper(path)
    assert [p.quality for p in document.pages] == [PageQuality.TEXT, PageQuality.TEXT, PageQuality.OCR]
    assert "p. 3 was read by OCR" in document.flags
    assert "Velorite raises" in document.pages[2].text
    refused = read_paper(path, limits=Limits(ocr=False))
    assert [p.quality for p in refused.pages] == [PageQuality.TEXT, PageQuality.TEXT, PageQuality.PICTURE]
    assert any(flag.startswith("p. 3 is a picture") for flag in refused.flags)


def test_a_scan_without_an_engine_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReadError, match="no text layer: its pages are pictures; install tesseract") as caught:
        read_paper(scan(tmp_path, Image.new("L", (1000, 1400), 255)))
    assert caught.value.transient


@needs_tesseract
def test_a_picture_without_letters_stays_one(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.append(write(tmp_path, SHEET[:1]))
    sky = np.linspace(60, 200, 400)[:, None] + 20 * np.sin(np.linspace(0, 9, 300))
    writer.append(scan(tmp_path, Image.fromarray(sky.astype(np.uint8)), dpi=40))
    writer.write(tmp_path / "photo.pdf")
    document = read_paper(tmp_path / "photo.pdf")
    assert "p. 2 is a picture without text" in document.flags
    assert document.pages[1].quality is PageQuality.PICTURE


def test_an_engine_that_hangs_or_fails_loses_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf import PdfWriter

    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nif [ "$1" = --list-langs ]; then printf "List:\\neng\\n"; else exit 1; fi\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    writer = PdfWriter()
    writer.append(write(tmp_path, SHEET[:1]))
    writer.append(scan(tmp_path, Image.new("L", (1000, 1400), 255)))
    writer.write(tmp_path / "mixed.pdf")
    document = read_paper(tmp_path / "mixed.pdf")
    assert "p. 2 is a picture that OCR failed on" in document.flags
    assert len(document.pages) == 2


@pytest.mark.parametrize(("pages", "words"), [([3], "3"), ([3, 4, 5, 6, 7], "3-7"), ([1, 2, 4, 9, 10], "1-2, 4, 9-10")])
def test_runs_of_pages(pages: list[int], words: str) -> None:
    assert scans.runs(pages) == words
