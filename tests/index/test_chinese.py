"""Chinese is found however it is spelled, by words where an embedder reads none, and across languages where it does."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.index import schema, vectors, writes
from assistant.index.chinese import is_empty, one_spelling, units
from assistant.index.scripts import is_read, script
from assistant.index.search import content_words, search
from assistant.index.sentences import fts_text
from assistant.index.store import Store
from assistant.testing import HashEmbedder
from assistant.types import Document, Hit, Passage

TEXTS = [
    "施用维洛石后，番茄产量平均提高了18%。",
    "肺癌患者的五年生存率没有提高。",
    "沉积物中的微塑料丰度为每千克860个。",
    "Velorite raised the yield of tomatoes by 18 %.",
    "Nothing here is about plants.",
]


class Fixed(HashEmbedder):
    """Gives the texts of `alike` one vector, and each other text one by its words."""

    def __init__(self, name: str, *alike: str) -> None:
        super().__init__()
        self.id, self._alike = name, alike

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return super().embed([self._alike[0] if t in self._alike else t for t in texts])


def find(query: str, embedder: HashEmbedder, folder: Path) -> list[Hit]:
    db = schema.connect(folder)
    with writes.transaction(db):
        writes.set_setting(db, "dimension", str(embedder.dimension))
        for n, text in enumerate(TEXTS):
            passage = Passage(f"{n:064x}", text, ())
            matrix = embedder.embed([text])
            writes.add_paper(db, passage.paper_id, Document(()), [passage], matrix, reader="", fallback_title="")
    db.close()
    store = Store(folder)
    try:
        index = vectors.build(*store.vectors())
        return search(query, store=store, vectors=index, embedder=embedder, k=len(TEXTS), candidates=10)
    finally:
        store.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("維洛石對番茄產量", "维洛石对番茄产量"),
        ("ＣＴ圖像 １８％", "CT图像 18%"),
        ("\u2f08類", "人类"),  # a radical that PDFs give for the character
        ("naïve Ω ½ m² Gore™", "naïve Ω ½ m² Gore™"),
        ("plain", "plain"),
    ],
)
def test_one_spelling(text: str, expected: str) -> None:
    assert one_spelling(text) == expected


def test_index_and_query_are_spelled_alike() -> None:
    assert fts_text("維洛石").split() == ["维洛", "洛石"]
    assert content_words("ＴＰ５３與維洛石") == ["tp53", "与维", "维洛", "洛石"]


def test_pairs_of_grammar_are_not_searched_for() -> None:
    assert is_empty("什么")
    assert not is_empty("功能")
    assert content_words("什么是肺癌") == ["是肺", "肺癌"]


def test_a_text_is_to_hold_characters_not_pairs_over_the_edge_of_words() -> None:
    found = units(["p53", *content_words("肺癌能提高")])
    assert found == [("p53",), ("肺癌",), ("肺癌", "癌能"), ("能提", "提高"), ("提高",)]


@pytest.mark.parametrize("query", ["维洛石能提高番茄产量吗？", "維洛石能提高番茄產量嗎？", "番茄产量平均提高了１８％"])
def test_all_of_the_words_found_is_full_overlap(query: str, tmp_path: Path) -> None:
    hits = find(query, HashEmbedder(), tmp_path)
    assert hits[0].passage.text == TEXTS[0]
    assert hits[0].overlap == pytest.approx(1)
    assert hits[0].score > 0.5 > hits[1].score


def test_what_an_english_embedder_makes_of_chinese_counts_for_nothing(tmp_path: Path) -> None:
    query = "肺癌患者的生存"
    misled = Fixed("all-MiniLM-L6-v2@1", query, TEXTS[2], TEXTS[4])
    hits = find(query, misled, tmp_path)
    assert hits[0].passage.text == TEXTS[1]
    assert all(h.score < 0.05 for h in hits[1:])
    assert len(hits) == len(TEXTS), "what is near by such vectors comes last, so that there is a nearest"


def test_chinese_passages_do_not_stand_between_an_english_question_and_its_answer(tmp_path: Path) -> None:
    query = "harvest of fruit grown on minerals"
    misled = Fixed("all-MiniLM-L6-v2@1", query, TEXTS[0], TEXTS[1], TEXTS[3])
    assert find(query, misled, tmp_path)[0].passage.text == TEXTS[3]


def test_a_multilingual_embedder_finds_across_languages(tmp_path: Path) -> None:
    query = "矿物对作物收成的作用"
    hits = find(query, Fixed("multilingual-e5-small@1", query, TEXTS[3]), tmp_path)
    assert hits[0].passage.text == TEXTS[3]
    assert hits[0].cosine == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("embedder", "chinese"),
    [
        ("all-MiniLM-L6-v2@53aa51172d14", False),
        ("sentence-transformers/all-mpnet-base-v2@1", False),
        ("/models/bge-small-en-v1.5@1", False),
        ("intfloat/e5-small-v2@1", False),
        ("intfloat/multilingual-e5-small@1", True),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2@1", True),
        ("BAAI/bge-small-zh-v1.5@1", True),
        ("BAAI/bge-m3@1", True),
    ],
)
def test_what_an_embedder_reads_by_its_name(embedder: str, chinese: bool) -> None:
    assert is_read("肺癌 p53", embedder) is chinese
    assert is_read("Lung cancer in naïve mice", embedder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("肺癌细胞 p53", "zh"),
        ("p53 in 肺癌 cells", "latin"),
        ("がん細胞", "ja"),
        ("рак", "ru"),
        ("Die Größe", "latin"),
        ("12 %", None),
    ],
)
def test_script(text: str, expected: str | None) -> None:
    assert script(text) == expected


def test_the_word_index_of_an_older_library_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its passages were spelled as they stand: a question in simplified characters found nothing."""
    assert schema.WORDS_ANEW in schema.MIGRATIONS
    db = schema.connect(tmp_path)
    embedder = HashEmbedder()
    with writes.transaction(db):
        writes.set_setting(db, "dimension", str(embedder.dimension))
        for n, text in enumerate(("維洛石對番茄產量", "plain words")):
            passage = Passage(f"{n:064x}", text, ())
            matrix = embedder.embed([text])
            writes.add_paper(db, passage.paper_id, Document(()), [passage], matrix, reader="", fallback_title="")
    db.execute("UPDATE passages_fts SET text = '維洛 洛石 石對 對番 番茄 茄產 產量' WHERE rowid = 1")
    db.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, schema.WORDS_ANEW))
    db = schema.connect(tmp_path)
    assert _matching(db, '"产量"') == [1]
    assert _matching(db, '"words"') == [2]
    assert _matching(db, '"產量"') == []
    db.close()


def _matching(db: sqlite3.Connection, match: str) -> list[int]:
    return [row[0] for row in db.execute("SELECT rowid FROM passages_fts WHERE passages_fts MATCH ?", (match,))]
