"""The process that draws one page of a hostile file: `python -m assistant.index.painter PATH --page N --dpi D`.

It limits itself as the reading process does, and says one frame on standard output (assistant.index.wire). The
password, if any, comes on standard input. The parent is assistant.index.picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assistant.errors import ReadError
from assistant.index.worker import Work, fail, limit_process, own_output, send


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="assistant.index.painter", description="Draw one page of a PDF.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--page", type=int, required=True)
    parser.add_argument("--dpi", type=float, required=True)
    given = parser.parse_args(arguments)
    password = sys.stdin.read()
    out = own_output()
    limit_process(Work(given.path))
    try:
        send(out, _paint(given.path, given.page, given.dpi, password))
    except ReadError as error:
        fail(out, str(error))
    except MemoryError:
        fail(out, f"page {given.page} is too large to draw")
    return 0


def _paint(path: Path, number: int, dpi: float, password: str) -> bytes:
    """The frame with the drawn page. Raises ReadError where there is no such page, or it cannot be drawn."""
    # Imported under the limits.
    from assistant.index.pages.pdf import open_pdf
    from assistant.index.pages.raster import rasterise
    from assistant.index.wire import encode_picture

    with open_pdf(path, password) as file:
        if not 1 <= number <= file.page_count:
            raise ReadError(f"there is no page {number}; the file has {file.page_count}")
        with file.page(number) as page:
            drawn = rasterise(page, dpi)
    return encode_picture(drawn.width, drawn.height, drawn.matrix, drawn.pixels)


if __name__ == "__main__":
    sys.exit(main())
