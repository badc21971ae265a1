"""Reading tables: encodings, delimiters, decimal signs, headers with units, missing values, and what is refused."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError, ReadError, UsageError
from assistant.experiments import tables
from assistant.experiments.tables import Column, ColumnKind, read_table, words_of

ROWS = [["group", "weight (kg)", "alive"], ["a", "1.5", "yes"], ["a", "2", "no"], ["b", "", "yes"], ["b", "1250", "no"]]


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def column(path: Path, name: str) -> Column:
    return next(c for c in read_table(path).columns if c.name == name)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, sign: str) -> None:
    table = read_table(written(tmp_path, "\n".join(sign.join(row) for row in ROWS)))
    assert [c.kind for c in table.columns] == [ColumnKind.GROUP, ColumnKind.NUMBER, ColumnKind.GROUP]
    weight = table.columns[1]
    assert (weight.words, weight.unit) == (("weight",), "kg")
    assert np.array_equal(weight.numbers, [1.5, 2, np.nan, 1250], equal_nan=True)


def test_workbook_and_parquet_say_what_csv_says(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["group", "weight (kg)", "alive", "day"])
    values = [["a", 1.5, True], ["a", 2, False], ["b", None, True], ["b", 1250, False]]
    for i, row in enumerate(values):
        sheet.append([*row, datetime.date(2020, 5, i + 1)])
    book.create_sheet("notes").append(["read me", "x"])
    book.save(tmp_path / "t.xlsx")
    columns = dict(zip(("group", "weight (kg)", "alive"), zip(*values, strict=True), strict=True))
    days = [datetime.date(2020, 5, i + 1) for i in range(4)]
    pyarrow.parquet.write_table(pyarrow.table({**columns, "day": days}), tmp_path / "t.parquet")
    plain = read_table(written(tmp_path, "\n".join(",".join(row) for row in ROWS)))
    for name in ("t.xlsx", "t.parquet"):
        table = read_table(tmp_path / name)
        for mine, theirs in zip(table.columns, plain.columns, strict=False):
            assert (mine.name, mine.kind, mine.unit) == (theirs.name, theirs.kind, theirs.unit)
            assert np.array_equal(mine.numbers, theirs.numbers, equal_nan=True)
        assert table.columns[3].dated
        assert list(np.diff(table.columns[3].numbers)) == [1, 1, 1]
    assert "notes" in read_table(tmp_path / "t.xlsx").notes[0]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ("µ,x\nä,1\n".encode(), False),
        ("\ufeffµ,x\nä,1\n".encode(), False),
        ("µ,x\nä,1\n".encode("utf-16"), False),
        ("µ,x\nä,1\n".encode("cp1252"), True),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, note: bool) -> None:
    table = read_table(written(tmp_path, data))
    assert table.columns[0].name == "µ"
    assert table.columns[0].texts == ("ä",)
    assert bool(table.notes) == note


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1,234", "2,500"], [1234, 2500]),
        (["1,234.5", "2"], [1234.5, 2]),
        (["−1.5", "+2e3"], [-1.5, 2000]),
        (["5 %", "7 %"], [5, 7]),
        (["NA", "3"], [np.nan, 3]),
    ],
)
def test_numbers(tmp_path: Path, cells: list[str], expected: list[float]) -> None:
    x = column(written(tmp_path, "g;x\n" + "\n".join(f"a;{c}" for c in cells)), "x")
    assert x.kind is ColumnKind.NUMBER
    assert np.array_equal(x.numbers, expected, equal_nan=True)


def test_values_below_detection_make_a_column_mixed(tmp_path: Path) -> None:
    path = written(tmp_path, "g,x\na,1\na,2\nb,<LOD\n")
    assert column(path, "x").kind is ColumnKind.MIXED


@pytest.mark.parametrize(
    ("header", "words", "unit"),
    [
        ("weight (kg)", ("weight",), "kg"),
        ("Hg [µg/kg]", ("hg",), "µg/kg"),
        ("yield_kg_m2", ("yield",), "kg/m2"),
        ("kcat_per_s", ("kcat",), "s^-1"),
        ("temperature_C", ("temperature",), "°C"),
        ("group_A", ("group", "a"), ""),
        ("Conductivity (µS/cm)", ("conductivity",), "µS/cm"),
        ("sbp_week12_mmHg", ("sbp", "week", "12"), "mmHg"),
        ("count (male)", ("count", "male"), ""),
    ],
)
def test_headers(tmp_path: Path, header: str, words: tuple[str, ...], unit: str) -> None:
    c = column(written(tmp_path, f"{header};g\n1;a\n2;b\n"), header)
    assert (c.words, c.unit) == (words, unit)


def test_words_keep_names_with_digits_whole() -> None:
    assert words_of("R45K soilPh week12") == ("r45k", "soil", "ph", "week", "12")


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "Table 1,,\n# a remark\na,b,c\n1,2,3\n4,5,6\n"))
    assert [c.name for c in table.columns] == ["a", "b", "c"]
    assert table.rows == 2


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "t.csv", "empty"),
        (b"a,b\n", "t.csv", "no rows"),
        (b"1,2\n3,4\n", "t.csv", "no header"),
        (b"%PDF-1.4\x00\x01", "t.csv", "export it as CSV"),
        (b"PK\x03\x04 no zip", "t.xlsx", "save it again"),
        (b"PAR1 no parquet PAR1", "t.parquet", "write it again"),
        (b"x", "t.xls", "save it as XLSX"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path, data: bytes, name: str, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read_table(written(tmp_path, data, name))


def test_no_file_and_a_folder_are_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UsageError, match="name"):
            read_table(path)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a,b\n" + "1,x\n" * 20)
    monkeypatch.setattr(tables, "MAX_ROWS", 10)
    with pytest.raises(ReadError, match="more than 10 rows"):
        read_table(path)
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(ReadError, match="MB"):
        read_table(path)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b"0" * 2**20)
    monkeypatch.setattr(tables, "MAX_UNPACKED", 2**19)
    with pytest.raises(ReadError, match="unpacks"):
        read_table(tmp_path / "bomb.xlsx")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"a,b\n", b"\xff\xfe", b"\xef\xbb\xbf"]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, start: bytes, rest: bytes) -> None:
    path = written(tmp_path, start + rest)
    try:
        table = read_table(path)
    except AssistantError:
        return
    assert all(len(c.texts) == table.rows for c in table.columns)
