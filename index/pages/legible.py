"""Whether the codes of a page are text: some fonts do not say which letters theirs are.

pdfium then gives the font's own codes. Those of many a font are ASCII all the same (typewriter fonts, old TeX), those
of others are numbers of glyphs. Pure numpy; knows nothing of PDF files.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NO_CHARACTER = 0xFFFD
"""What stands for a letter that cannot be read (Unicode's replacement character)."""
_UNREADABLE_SHARE = 0.25
"""Share of a page's letters from which it cannot be read as a whole."""
_ODD_SHARE = 0.2
"""Share of codes that are no printable ASCII from which a font's codes are numbers of glyphs."""
_FREQUENCIES = np.array(
    [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1],
    dtype=np.float64,
)
"""How often each letter, a to z, comes in a thousand of English text (R. Lewand, Cryptological Mathematics, 2000)."""
_ALIKE, _FEWEST, _FEWEST_KINDS = 0.6, 40, 12
"""Cosine to these frequencies from which letters are text; and from how many letters, of how many kinds, it is asked.
Runs of 120 characters of papers have 0.74 and more, a program's names 0.63, codes moved by a fixed number mostly less
than 0.58."""
_PRIVATE = (0xE000, 0xF8FF)
_BULLETS = (0xF0B7, 0xF0A7, 0xF06E, 0xF0D8)
"""Of the private codes those that Symbol and Wingdings use for bullets."""


def not_text(
    codes: NDArray[np.int32], unmapped: NDArray[np.bool_], printed: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], bool]:
    """Which characters cannot be read, and whether so many of the page's printed ones that it cannot be as a whole.

    `unmapped` are those that the font gives no Unicode for. Private codes are a formula's brackets on most pages, and
    unknown only where there is little else.
    """
    unknown = codes == NO_CHARACTER
    if unmapped.any() and not _reads(codes[unmapped]):
        unknown = unknown | unmapped
    private = (codes >= _PRIVATE[0]) & (codes <= _PRIVATE[1]) & ~np.isin(codes, _BULLETS)
    if ((unknown | private) & printed).sum() > _UNREADABLE_SHARE * printed.sum():
        return unknown | private, True
    return unknown, False


def _reads(codes: NDArray[np.int32]) -> bool:
    """Whether codes of a font's own look like ASCII text."""
    if np.mean((codes < 0x20) | (codes > 0x7E)) > _ODD_SHARE:
        return False
    letters = (codes | 0x20) - ord("a")
    counts = np.bincount(letters[(letters >= 0) & (letters < 26)], minlength=26)
    if counts.sum() < _FEWEST or (counts > 0).sum() < _FEWEST_KINDS:
        return True
    return bool(counts @ _FREQUENCIES >= _ALIKE * np.linalg.norm(counts) * np.linalg.norm(_FREQUENCIES))
