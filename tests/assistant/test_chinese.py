"""A Chinese question over Chinese papers: answered with a quote and its page, or declined, with the built-in means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Assistant, contract
from tests.index.inked import pdf, set_text

PAGES = (
    (
        "绿萤石对水稻产量的影响",
        "绿萤石是一种多孔矿物，用作土壤改良剂。本研究做了三年的田间试验。",
        "施用绿萤石后，水稻产量平均提高了12%。",
    ),
    (
        "硝酸盐淋失量比对照减少了三成。",
        "试验设四个处理，每个处理重复三次，小区面积为二十平方米。",
    ),
)
MARKDOWN = """# 鸟类鸣声的自动识别

## 摘要

本文用卷积神经网络识别森林中鸟类的鸣声。在四十种鸟的录音上，识别准确率达到91%。

## 局限性

雨天的录音噪声很大，误报率明显上升。
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("chinese")
    pages = ["".join(_line(text, 700 - 30 * n) for n, text in enumerate(page)) for page in PAGES]
    (folder / "rice.pdf").write_bytes(pdf(*pages))
    (folder / "birds.md").write_text(MARKDOWN, encoding="utf-8")
    with Assistant(folder / "library", workers=1) as assistant:
        assistant.ingest(folder)
        yield assistant


def _line(text: str, y: float) -> str:
    return set_text("CID", f"<{text.encode('utf-16-be').hex()}>", y=y)


@pytest.mark.parametrize(
    ("question", "quote", "page"),
    [
        ("绿萤石能提高水稻产量吗？", "水稻产量平均提高了12%", 1),
        ("綠螢石能提高水稻產量嗎？", "水稻产量平均提高了12%", 1),
        ("硝酸盐淋失量是否减少？", "硝酸盐淋失量比对照减少了三成", 2),
        ("小区面积是多大？", "小区面积为二十平方米", 2),
        ("鸟类鸣声的识别准确率有多高？", "识别准确率达到91%", None),
    ],
)
def test_answered_with_a_quote_from_its_page(library: Assistant, question: str, quote: str, page: int | None) -> None:
    answer = library.ask(question)
    assert not answer.abstained
    assert quote in answer.evidence[0].text
    assert answer.evidence[0].page == page
    shown = contract.evidence_json(answer.evidence[0])
    assert shown["text"] in shown["context"]["text"]
    assert shown["language"] == "zh"


@pytest.mark.parametrize(
    "question", ["二甲双胍对糖尿病患者有什么影响？", "长城是什么时候修建的？", "锂电池的循环寿命有多长？"]
)
def test_declined(library: Assistant, question: str) -> None:
    assert library.ask(question).abstained


def test_a_question_in_a_language_that_no_paper_is_in_says_so(library: Assistant) -> None:
    answer = library.ask("Which enzyme degrades lignin in the soil?")
    assert answer.abstained
    assert any("Chinese" in step.text for step in answer.steps)
