"""Write the sample papers: `python examples/papers/make.py [FOLDER]` makes one PDF for every `source/*.toml`.

The same source gives the same bytes on every run (with the reportlab named in `REPORTLAB`). Knows the command line
and the files; how a page looks is `typeset.py`, how a chart is drawn is `figures.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from source_text import read_paper
from typeset import typeset

HERE = Path(__file__).resolve().parent
REPORTLAB = "5.1"
"""The release series that made the committed files; another may break a line elsewhere."""


def make(folder: Path) -> list[Path]:
    """Typeset every paper of `source/` into `folder`, which is made if need be; the files in order of name."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted((HERE / "source").glob("*.toml")):
        path = folder / f"{source.stem}.pdf"
        path.write_bytes(typeset(read_paper(source)))
        made.append(path)
    return made


if __name__ == "__main__":
    for path in make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")
