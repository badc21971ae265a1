"""A page of a PDF as pixels, with the matrix that takes places on the page to them.

Runs in a limited process only. pdfium's function for places:
https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdfview.h (FPDF_PageToDevice).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from assistant.index.wire import MAX_PIXELS

POINTS_PER_INCH = 72
_FINE = 1000
"""Parts of a pixel to which pdfium is asked for places, since it answers in whole numbers."""
_FAR = 100.0
"""Points between the places that the matrix is told from."""

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: the user-space point (x, y) is drawn at pixel (a x + c y + e, b x + d y + f) from the top left."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A drawn page: `pixels` are rows from the top, three bytes (red, green, blue) a pixel."""

    width: int
    height: int
    matrix: Matrix
    pixels: bytes


def rasterise(page: pdfium.PdfPage, dpi: float) -> Raster:
    """The page as it is shown (crop box, turned by /Rotate), annotations and form fields left out.

    At `dpi` pixels an inch, fewer where that would be more than MAX_PIXELS.
    """
    bitmap = page.render(
        scale=scale_for(page.get_size(), dpi), rev_byteorder=True, may_draw_forms=False, draw_annots=False
    )
    try:
        image = bitmap.to_pil().convert("RGB")
        return Raster(image.width, image.height, matrix_of(page, image.width, image.height), image.tobytes())
    finally:
        bitmap.close()


def scale_for(size: tuple[float, float], dpi: float) -> float:
    """Pixels a point for a page of `size` points."""
    most: float = (MAX_PIXELS / max(1.0, (size[0] + 1) * (size[1] + 1))) ** 0.5
    return min(dpi / POINTS_PER_INCH, 0.99 * most)


def matrix_of(page: pdfium.PdfPage, width: int, height: int) -> Matrix:
    """From user space to the pixels of a picture of the page of this size."""
    (e, f), (ax, ay), (cx, cy) = (_at(page, width, height, *point) for point in ((0, 0), (_FAR, 0), (0, _FAR)))
    return (ax - e) / _FAR, (ay - f) / _FAR, (cx - e) / _FAR, (cy - f) / _FAR, e, f


def _at(page: pdfium.PdfPage, width: int, height: int, x: float, y: float) -> tuple[float, float]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, width * _FINE, height * _FINE, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE
