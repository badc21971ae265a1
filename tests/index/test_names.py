from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.names import LONGEST, put, safe_name


@pytest.mark.parametrize(
    ("wished", "name"),
    [
        ("a paper.pdf", "a paper.pdf"),
        ("folder/sub/论文.pdf", "论文.pdf"),
        ("..\\..\\evil.pdf", "evil.pdf"),
        ("../../etc/passwd", "passwd"),
        (".hidden.pdf", "hidden.pdf"),
        ("con.pdf", "_con.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ('a<b>:"|?*.pdf', "a_b______.pdf"),
        ("", "_"),
        ("...", "_"),
    ],
)
def test_a_name_from_elsewhere_becomes_a_plain_one(wished: str, name: str) -> None:
    assert safe_name(wished) == name


@given(st.text(max_size=400))
def test_any_name_is_one_that_a_file_system_takes(wished: str) -> None:
    name = safe_name(wished)
    assert name
    assert name == Path(name).name
    assert not name.startswith(".")
    assert len(name.encode()) <= LONGEST + 20
    assert name.isprintable()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / "new").write_text(str(n), encoding="utf-8")
        put(tmp_path / "new", tmp_path, "a.tar.gz")
    found = {f.name: f.read_text(encoding="utf-8") for f in tmp_path.iterdir()}
    assert found == {"a.tar.gz": "0", "a.tar (2).gz": "1", "a.tar (3).gz": "2"}
