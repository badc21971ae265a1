"""A page of a PDF as a picture, drawn in a limited process of its own; places on the page marked on it.

The parent's side of `assistant.index.painter`. What comes back is checked before it is believed.
"""

from __future__ import annotations

import io
import math
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import ReadError, UsageError
from assistant.index import wire
from assistant.index.checks import WireError
from assistant.index.formats.kinds import Kind
from assistant.index.geometry import line_boxes
from assistant.index.sandbox import check_file, reader_environment
from assistant.types import Box, Figure, Page, Role, Table

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

DPI = 110.0
"""At which eight-point type can be read."""
MIN_DPI, MAX_DPI = 10.0, 600.0
_SECONDS = 60.0
_TALK = 64 << 10
"""Bytes that a painter may say beside the pixels."""
_FAINT, _STRONG = 40, 220
"""Opacity, of 255, of a mark's area and of its edge."""
_FRAME = 2
"""Pixels: the edge of a region's frame."""
_COLOURS = {
    Role.TITLE: (160, 0, 160),
    Role.AUTHOR: (200, 90, 170),
    Role.ABSTRACT: (0, 130, 160),
    Role.HEADING: (210, 0, 0),
    Role.BODY: (30, 90, 220),
    Role.LIST: (90, 60, 220),
    Role.CAPTION: (0, 140, 60),
    Role.FOOTNOTE: (150, 110, 40),
    Role.EQUATION: (240, 120, 0),
    Role.TABLE: (110, 160, 0),
    Role.FIGURE: (0, 170, 140),
    Role.REFERENCE: (110, 110, 110),
    Role.FURNITURE: (170, 170, 170),
    Role.HIDDEN: (0, 0, 0),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn page. `pixels` are RGB rows from the top; `matrix` takes page user space to pixels: the point (x, y) lies
    at (a x + c y + e, b x + d y + f)."""

    width: int
    height: int
    matrix: tuple[float, ...]
    pixels: bytes

    def place(self, box: Box) -> Box:
        """A box of page user space in pixels: left, top, right, bottom."""
        a, b, c, d, e, f = self.matrix
        points = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
        across, down = [p[0] for p in points], [p[1] for p in points]
        return min(across), min(down), max(across), max(down)

    def image(self) -> Image:
        """As a Pillow image, to be drawn on."""
        from PIL import Image

        return Image.frombytes("RGB", (self.width, self.height), self.pixels)

    def png(self) -> bytes:
        return png(self.image())

    def crop(self, box: Box) -> bytes:
        """The part of the page in a box of user space, as PNG. Raises UsageError for a box outside the page."""
        left, top, right, bottom = self.place(box)
        part = (
            max(0, math.floor(left)),
            max(0, math.floor(top)),
            min(self.width, math.ceil(right)),
            min(self.height, math.ceil(bottom)),
        )
        if part[0] >= part[2] or part[1] >= part[3]:
            raise UsageError(f"the box {box} lies outside the page")
        return png(self.image().crop(part))


def png(image: Image) -> bytes:
    """The PNG file of an image."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def draw_page(path: Path, number: int, *, dpi: float = DPI, password: str = "") -> Picture:
    """Page `number` (1-based) as it is shown. `dpi` is brought between 10 and 600, and down for a page so large that
    it would have more than 40 million pixels.

    Raises ReadError with one line where the file or the page cannot be drawn.
    """
    if check_file(path) is not Kind.PDF:
        raise ReadError("only a PDF has pages to draw")
    resolution = min(max(dpi, MIN_DPI), MAX_DPI)
    command = [sys.executable, "-P", "-m", "assistant.index.painter", f"--page={number}", f"--dpi={resolution}"]
    try:
        done = subprocess.run(
            [*command, "--", str(path.absolute())],
            input=password.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=reader_environment(),
            start_new_session=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReadError(f"page {number} could not be drawn in {_SECONDS:g} s", transient=True) from error
    return _picture(done.stdout, number)


def _picture(said: bytes, number: int) -> Picture:
    try:
        for kind, parts in wire.Frames(3 * wire.MAX_PIXELS + _TALK).feed(said):
            if kind == "picture":
                return Picture(*wire.decode_picture(parts))
            if kind == "failed":
                raise ReadError(wire.decode_reason(parts[0])[0])
    except WireError as error:
        raise ReadError(f"page {number} could not be drawn (the answer was broken)") from error
    raise ReadError(f"page {number} could not be drawn (it is damaged, or too much to draw)")


def marked(picture: Picture, page: Page, *, tables: Iterable[Table] = (), figures: Iterable[Figure] = ()) -> Image:
    """The picture with every block of the page marked in its role's colour, each named at its first line, and the
    regions of those tables and figures that lie on the page framed."""
    from PIL import Image, ImageDraw

    layer = Image.new("RGBA", (picture.width, picture.height))
    pen = ImageDraw.Draw(layer)
    for block in page.blocks:
        colour = _COLOURS[block.role]
        boxes = [_drawable(picture, box) for box in line_boxes(page, block.start, block.end)]
        _mark(pen, (box for box in boxes if box), colour)
        if boxes and boxes[0]:
            name = f"{block.role}{block.level or ''}"
            pen.text((boxes[0][0], boxes[0][1] - 10), name, fill=(*colour, 255))
    for role, regions in ((Role.TABLE, tables), (Role.FIGURE, figures)):
        frames = (_drawable(picture, region.box) for region in regions if region.page == page.number)
        for frame in filter(None, frames):
            pen.rectangle(frame, outline=(*_COLOURS[role], _STRONG), width=_FRAME)
    return Image.alpha_composite(picture.image().convert("RGBA"), layer).convert("RGB")


def _drawable(picture: Picture, box: Box) -> Box | None:
    """The box in pixels, cut to the picture; None where it lies outside."""
    left, top, right, bottom = picture.place(box)
    inside = max(left, 0.0), max(top, 0.0), min(right, picture.width - 1.0), min(bottom, picture.height - 1.0)
    return inside if inside[0] <= inside[2] and inside[1] <= inside[3] else None


def _mark(pen: ImageDraw, boxes: Iterable[Box], colour: tuple[int, int, int]) -> None:
    for box in boxes:
        pen.rectangle(box, fill=(*colour, _FAINT), outline=(*colour, _STRONG))
