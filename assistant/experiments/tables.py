"""A file of measurements -> columns with name, unit and values: CSV, TSV, XLSX, Parquet.

What a file is, its first bytes say. Every cell is first text, then a number where its whole column is. A column that
is nearly numbers ("<LOD" among them) is kept as mixed, since leaving such cells out would bend every mean.
Knows no claim.
"""

from __future__ import annotations

import csv
import datetime
import enum
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ReadError, UsageError
from assistant.units import unit

MAX_BYTES = 64 * 2**20
"""Bytes of a file; a table of experiments is seldom over one megabyte."""
MAX_UNPACKED = 512 * 2**20
"""Bytes that a workbook or Parquet file says it unpacks to."""
MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELL = 1000
"""Characters of a cell that are kept."""
MAX_LEVELS = 60
"""Distinct values of a column of groups; above it is text (names, remarks)."""
MIXED_SHARE = 0.5
"""A column with at least this share of numbers, and something else too, is mixed."""
_SNIFFED_LINES = 50
_MISSING = frozenset(
    ["", "na", "n/a", "nan", "null", "n.a.", ".", "-", "–", "—", "?", "#n/a", "missing", "<na>", "nat"]
)
_POINT = re.compile(r"[-+−]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_COMMA = re.compile(r"[-+−]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][-+]?\d{1,3})?")
_THOUSANDS = re.compile(r"[-+−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BRACKETED = re.compile(r"^(.*?)[\s_]*[(\[{]([^()\[\]{}]{1,30})[)\]}]\s*$", re.DOTALL)
_SIGNS = re.compile(r"[/%°µμ·²³^]")
"""Signs that tell a unit which is not known by name."""
_HEADER_UNITS = {"c": "°C", "degc": "°C", "pct": "%", "percent": "%", "perc": "%", "mmhg": "mmHg"}
"""Units as headers without signs write them."""
_SHORTEST_UNIT = 2
"""Letters of a unit at the end of a header without brackets that are believed without a further look."""
_LONE_UNITS = frozenset(["g", "m", "s", "h", "L", "l", "d"])
_OTHER_FORMATS = {".xls": "save it as XLSX or CSV", ".ods": "export it as XLSX or CSV", ".json": "export it as CSV"}


class ColumnKind(enum.StrEnum):
    NUMBER = "number"
    GROUP = "group"
    """Few distinct texts."""
    TEXT = "text"
    """Many distinct texts: names, remarks."""
    MIXED = "mixed"
    """Numbers and other texts."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`name` as in the header, `words` its words in small letters without the unit, `unit` "" where it tells none.
    `numbers` has shape (rows,), NaN where missing or no number; `texts` one cleaned cell for each row, "" for missing.
    `dated`: its numbers are days since year 1, read from dates."""

    name: str
    words: tuple[str, ...]
    unit: str
    kind: ColumnKind
    numbers: NDArray[np.float64]
    texts: tuple[str, ...]
    dated: bool = False

    @property
    def levels(self) -> tuple[str, ...]:
        """Distinct values in the order of their first row."""
        return tuple(dict.fromkeys(t for t in self.texts if t))


@dataclass(frozen=True, slots=True, eq=False)
class DataTable:
    path: Path
    columns: tuple[Column, ...]
    rows: int
    first_row: int = 2
    """Number of the first row of values in the file, the header's being one less."""
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> DataTable:
    """The table of a file. Raises UsageError where there is no such file, ReadError where it holds no table that can
    be read, or one above the limits."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name one table (CSV, TSV, XLSX or Parquet)")
    if not path.is_file():
        raise UsageError(f"there is no file {path}; name a table (CSV, TSV, XLSX or Parquet)")
    if path.suffix.casefold() in _OTHER_FORMATS:
        raise ReadError(f"{path} is of a kind that is not read; {_OTHER_FORMATS[path.suffix.casefold()]}")
    data = _bytes(path)
    if data.startswith(b"PK\x03\x04"):
        cells, notes = _from_workbook(path, data)
    elif data.startswith(b"PAR1"):
        cells, notes = _from_parquet(path, data), ()
    else:
        cells, notes = _from_text(path, data)
    return _table(path, cells, notes)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ReadError(
                f"{path} has {size / 2**20:,.0f} MB, more than {MAX_BYTES // 2**20}; keep the columns and rows that "
                "the claim is about"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path} cannot be read ({error.strerror}); look at its permissions") from error
    if not data.strip():
        raise ReadError(f"{path} is empty; name a table with a header and rows")
    return data


def _from_text(path: Path, data: bytes) -> tuple[list[list[str]], tuple[str, ...]]:
    text, notes = _decoded(path, data)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    delimiter = _delimiter(lines[:_SNIFFED_LINES])
    try:
        reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, skipinitialspace=True)
        rows = list(islice(reader, MAX_ROWS + 2))
    except csv.Error as error:
        raise ReadError(f"{path} is no table that can be read ({error}); export it again as CSV") from error
    return rows, notes


def _decoded(path: Path, data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(name), ()
            except UnicodeDecodeError as error:
                raise ReadError(f"{path} is damaged: no {name} text; export it again as CSV") from error
    if b"\x00" in data:
        raise ReadError(f"{path} is no text and neither XLSX nor Parquet; export it as CSV")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), ("read as Windows-1252, since it is no UTF-8",)


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that cuts most lines into the same number of cells; the more cells the better."""

    def worth(sign: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign))
        except csv.Error:
            return 0.0, 0
        width, lines_of_it = widths.most_common(1)[0] if widths else (1, 0)
        return (lines_of_it / max(len(lines), 1) if width > 1 else 0.0), width

    return max("\t;,|", key=worth)


def _from_workbook(path: Path, data: bytes) -> tuple[list[list[str]], tuple[str, ...]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            unpacked = sum(entry.file_size for entry in package.infolist())
        if unpacked > MAX_UNPACKED:
            raise ReadError(f"{path} unpacks to {unpacked / 2**20:,.0f} MB; keep the sheet that the claim is about")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about formats and validations, which are not read
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [(s.title, _sheet(s)) for s in book.worksheets]
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
    ) as error:
        raise ReadError(f"{path} is no workbook that can be read; save it again as XLSX or CSV") from error
    except SyntaxError as error:  # XML that is none: ElementTree's ParseError
        raise ReadError(f"{path} is damaged; save it again as XLSX or CSV") from error
    filled = [(title, rows) for title, rows in sheets if rows]
    if not filled:
        raise ReadError(f"{path} has no sheet with values; formulas must have been computed and saved")
    others = ", ".join(title for title, _ in filled[1:])
    return filled[0][1], (f"sheet {filled[0][0]} read; not read: {others}",) if others else ()


def _sheet(sheet: Any) -> list[list[str]]:
    """The rows of a sheet that hold anything, without empty cells at their ends."""
    rows = []
    for row in sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 2):
        cells = [_cell(value) for value in row[: MAX_COLUMNS + 1]]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(cells)
    return rows


def _from_parquet(path: Path, data: bytes) -> list[list[str]]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
        meta = file.metadata
        unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        _check_size(path, meta.num_rows, meta.num_columns)
        if unpacked > MAX_UNPACKED:
            raise ReadError(f"{path} unpacks to {unpacked / 2**20:,.0f} MB; keep the columns the claim is about")
        table = file.read()
        columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise ReadError(f"{path} is no Parquet file that can be read; write it again, or as CSV") from error
    return [list(table.column_names), *(list(row) for row in zip(*columns, strict=True))]


def _cell(value: object) -> str:
    if value is None or value != value:  # NaN is the one value that differs from itself
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()[:10]
    return str(value)


def _check_size(path: Path, rows: int, columns: int) -> None:
    for found, most, what in ((rows, MAX_ROWS, "rows"), (columns, MAX_COLUMNS, "columns")):
        if found > most:
            raise ReadError(f"{path} has more than {most:,} {what}; keep those that the claim is about")


def _table(path: Path, cells: list[list[str]], notes: tuple[str, ...]) -> DataTable:
    """The first row as wide as most is the header; what stands above it is a title."""
    width = Counter(_width(row) for row in cells[:_SNIFFED_LINES]).most_common(1)[0][0] if cells else 0
    start = next((i for i, row in enumerate(cells) if _width(row) >= max(width, 1)), None)
    if start is None or len(cells) - start < 2:
        raise ReadError(f"{path} has no rows below a header; name a table with both")
    header, rows = cells[start], cells[start + 1 :]
    _check_size(path, len(rows), max(len(header), max(len(row) for row in rows)))
    if all(_parsed(name, ",") is not None for name in header if name.strip()):
        raise ReadError(f"{path} has no header: its first row is numbers; name the columns in the first row")
    columns = tuple(
        _column(name.strip(), [row[i] if i < len(row) else "" for row in rows])
        for i, name in enumerate(header)
        if name.strip()
    )
    return DataTable(path, columns, len(rows), start + 2, notes)


def _width(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _column(name: str, cells: Iterable[str]) -> Column:
    texts = tuple(_text(cell) for cell in cells)
    present = [t for t in texts if t]
    label, its_unit = _unit_of(name)
    if present and all(t.endswith("%") for t in present):
        its_unit, bare = its_unit or "%", [t.rstrip("%").strip() for t in texts]
    else:
        bare = list(texts)
    dates = _dates(texts)
    if dates is not None:
        return Column(name, words_of(label), "days", ColumnKind.NUMBER, dates, texts, dated=True)
    sign = _decimal_sign(bare)
    numbers = np.array([np.nan if (v := _parsed(t, sign)) is None else v for t in bare], dtype=np.float64)
    return Column(name, words_of(label), its_unit, _kind(numbers, present), numbers, texts)


def _text(cell: str) -> str:
    text = " ".join(cell.split())[:MAX_CELL]
    return "" if text.casefold() in _MISSING else text


def _kind(numbers: NDArray[np.float64], present: Sequence[str]) -> ColumnKind:
    read = int(np.isfinite(numbers).sum())
    levels = len(set(present))
    if present and read == len(present):
        return ColumnKind.NUMBER
    if read and read >= MIXED_SHARE * len(present):
        return ColumnKind.MIXED
    return ColumnKind.GROUP if 0 < levels <= MAX_LEVELS and levels <= max(2, len(present) / 2) else ColumnKind.TEXT


def _decimal_sign(cells: Sequence[str]) -> str:
    """ "," where the column's numbers have a decimal comma, else "."; "1,234" alone is a thousand."""
    commas = [c for c in cells if "," in c]
    if not commas or any("." in c for c in cells):
        return "."
    return "." if all(_THOUSANDS.fullmatch(c) for c in commas) else ","


def _parsed(cell: str, sign: str) -> float | None:
    """A cell as a number, None where it is none."""
    cell = cell.strip()
    if sign == "," and _COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    elif _THOUSANDS.fullmatch(cell):
        cell = cell.replace(",", "")
    if not _POINT.fullmatch(cell):
        return None
    value = float(cell.replace("−", "-"))
    return value if np.isfinite(value) else None


def _dates(texts: Sequence[str]) -> NDArray[np.float64] | None:
    """Days since year 1 where every cell is a date (2020-05-31), else None."""
    days: list[float] = []
    for text in texts:
        if text and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return None
        try:
            days.append(datetime.date.fromisoformat(text).toordinal() if text else np.nan)
        except ValueError:
            return None
    return np.array(days, dtype=np.float64) if any(texts) else None


def _unit_of(name: str) -> tuple[str, str]:
    """A header without its unit, and the unit: "weight (kg)", "yield_kg_m2", "kcat_per_s"."""
    bracketed = _BRACKETED.match(name)
    if bracketed and (_is_unit(bracketed[2]) or _SIGNS.search(bracketed[2])):
        return bracketed[1], _spelled(bracketed[2])
    parts = re.split(r"[\s_]+", name)
    for taken in (3, 2, 1):
        if len(parts) <= taken:
            continue
        tail = parts[-taken:]
        spelling = "1/" + tail[1] if tail[0] == "per" and taken == 2 else "/".join(p for p in tail if p != "per")
        if (taken == 1 or all(len(p) <= 3 for p in tail)) and _is_tail_unit(spelling, parts[:-taken]):
            return " ".join(parts[:-taken]), _spelled(spelling)
    return name, ""


def _spelled(text: str) -> str:
    text = text.strip()
    text = _HEADER_UNITS.get(text.casefold(), text)
    return re.sub(r"^(?:1\s?/|per\s|/)\s?(\w+)$", r"\1^-1", text)


def _is_unit(text: str) -> bool:
    return unit(_spelled(text)) is not None


def _is_tail_unit(text: str, before: Sequence[str]) -> bool:
    """Whether the end of a header without brackets is a unit: one letter may be a name (group_A), C one of degrees."""
    if text.casefold() == "c":
        return any(word.casefold().startswith("temp") for word in before)
    if len(text) < _SHORTEST_UNIT:
        return text in _LONE_UNITS or text == "%"
    return _is_unit(text)


WORD = re.compile(r"[^\W\d_]+(?:\d+[^\W\d_]+\w*)?|\d+(?:\.\d+)?")
"""A word, a name with digits inside (R45K), or digits."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a header or a value in small letters: "soil_pH" is soil, ph; "week12" is week, 12; R45K is one."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).replace("_", " ")
    return tuple(m.group().casefold() for m in WORD.finditer(spaced))
