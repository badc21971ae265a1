"""Pages as pictures: what is drawn lies where the boxes say, however the page is turned or cut."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from assistant.errors import ReadError, UsageError
from assistant.index import wire
from assistant.index.geometry import line_boxes
from assistant.index.pages.raster import scale_for
from assistant.index.picture import Picture, _picture, draw_page, marked
from assistant.types import Box, Page
from tests.index.reading import read, write

LINES = "The first of three lines stands here,\nthe second below it\nand the last one."
INK = 128
"""A grey value below this is ink."""


def _ink(picture: Picture) -> NDArray[np.bool_]:
    return np.asarray(np.asarray(picture.image().convert("L")) < INK)


def _covered(picture: Picture, boxes: tuple[Box, ...], slack: int) -> NDArray[np.bool_]:
    area = np.zeros((picture.height, picture.width), dtype=np.bool_)
    for box in boxes:
        left, top, right, bottom = (round(side) for side in picture.place(box))
        area[max(0, top - slack) : bottom + slack, max(0, left - slack) : right + slack] = True
    return area


def _boxes(page: Page) -> tuple[Box, ...]:
    return tuple(box for b in page.blocks for box in line_boxes(page, b.start, b.end))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("entries", ["", "/CropBox [40 600 400 760]", "/UserUnit 2 /CropBox [40 600 400 760]"])
def test_boxes_lie_on_the_ink_and_all_ink_lies_in_boxes(tmp_path: Path, turned: int, entries: str) -> None:
    path = write(tmp_path, [LINES], page_entries=f"/Rotate {turned} {entries}", box=(-30, 0, 612, 792))
    (page,) = read(path)
    picture = draw_page(path, 1, dpi=144)
    boxes, ink = _boxes(page), _ink(picture)
    assert len(boxes) == 3
    assert ink.any()
    assert not (ink & ~_covered(picture, boxes, 2)).any()
    for box in boxes:
        assert (ink & _covered(picture, (box,), 0)).sum() > 100
    across = sorted(round(side) for side in (picture.width, picture.height))
    assert across == ([320, 720] if entries else [1284, 1584])


def test_a_part_of_a_page_is_cut_out(tmp_path: Path) -> None:
    path = write(tmp_path, [LINES])
    (page,) = read(path)
    picture = draw_page(path, 1)
    box = _boxes(page)[0]
    part = Image.open(io.BytesIO(picture.crop(box)))
    left, top, right, bottom = picture.place(box)
    assert abs(part.width - (right - left)) <= 2
    assert abs(part.height - (bottom - top)) <= 2
    with pytest.raises(UsageError, match="outside the page"):
        picture.crop((5000, 5000, 5010, 5010))


def test_blocks_are_marked_in_colour(tmp_path: Path) -> None:
    path = write(tmp_path, [LINES])
    (page,) = read(path)
    picture = draw_page(path, 1)
    plain, drawn = np.asarray(picture.image()), np.asarray(marked(picture, page))
    assert drawn.shape == plain.shape
    changed = (plain != drawn).any(axis=2)
    assert changed[_covered(picture, _boxes(page), -1)].mean() > 0.9
    assert changed.mean() < 0.2


def test_a_picture_is_never_too_large() -> None:
    for size in ((14_400.0, 14_400.0), (1e6, 1e6), (1.0, 1e7), (612.0, 792.0)):
        scale = scale_for(size, 600)
        assert (size[0] * scale + 1) * (size[1] * scale + 1) <= wire.MAX_PIXELS
    assert scale_for((612.0, 792.0), 144) == 2


@pytest.mark.parametrize(
    ("number", "reason"), [(2, "there is no page 2; the file has 1"), (0, "there is no page 0; the file has 1")]
)
def test_a_page_that_is_not_there(tmp_path: Path, number: int, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        draw_page(write(tmp_path, [LINES]), number)


def test_a_file_that_is_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "notes.pdf"
    path.write_bytes(b"words")
    with pytest.raises(ReadError, match="not a PDF"):
        draw_page(path, 1)


@pytest.mark.parametrize(
    ("about", "pixels"),
    [
        ({"width": 2, "height": 2, "matrix": [1, 0, 0, 1, 0, 0]}, b"123"),
        ({"width": 10**6, "height": 10**6, "matrix": [1, 0, 0, 1, 0, 0]}, b""),
        ({"width": 1, "height": 1, "matrix": [1, 0, 0, 1, 0]}, b"123"),
        ({"width": 1, "height": 1, "matrix": [1, 0, 0, 1, 0, float("nan")]}, b"123"),
        ({"width": "1", "height": 1, "matrix": [1, 0, 0, 1, 0, 0]}, b"123"),
    ],
)
def test_a_painter_is_not_believed(about: dict[str, object], pixels: bytes) -> None:
    frame = wire.encode("picture", json.dumps(about).encode(), pixels)
    with pytest.raises(ReadError, match="the answer was broken"):
        _picture(frame, 1)


@pytest.mark.parametrize(
    "said", [b"", wire.encode_json("opened", {"pages": 1}), b'{"kind": "picture", "sizes": [5, 5]}\n']
)
def test_a_painter_that_dies_is_told(said: bytes) -> None:
    with pytest.raises(ReadError, match="page 3 could not be drawn"):
        _picture(said, 3)
