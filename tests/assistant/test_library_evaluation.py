"""A library measured by its own passages: the test set is made by rule and seed, and a worse library measures worse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, library_report
from assistant.cli import main
from assistant.config import Settings
from assistant.errors import AssistantError, UsageError
from assistant.index.search import content_words
from assistant.library_evaluation import AS_SET, varied
from assistant.library_gold import CLAIMS, TITLES, Gold, make_gold
from assistant.testing import HashEmbedder, WordVerifier
from assistant.types import Paper, Passage

SOILS = (
    "The clay minerals of the northern plots held more potassium than those of the southern plots in spring.",
    "Wheat yield was higher after compost was spread over the plots in the second season of the trial.",
    "Earthworm numbers were not counted in the plots that had been ploughed before the frost of winter.",
)
BIRDS = (
    "Warblers sang longer phrases in the open meadows during the first weeks of the breeding season.",
    "Recorders were placed along the river at distances of two hundred metres from the nearest road.",
)
TITLE = "Potassium and compost in clay soils"


def texts(*sentences: str) -> str:
    return "\n\n".join(sentences)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("measured")
    (folder / "soils.md").write_text(f"# {TITLE}\n\n## Results\n\n{texts(*SOILS)}\n", encoding="utf-8")
    (folder / "birds.md").write_text(
        f"# Song of warblers by a river\n\n## Results\n\n{texts(*BIRDS)}\n", encoding="utf-8"
    )
    with Assistant(folder / "library", workers=1, passage_tokens=20) as assistant:
        assistant._embedder, assistant._verifier = HashEmbedder(), WordVerifier()
        assistant.ingest(folder)
        yield assistant


@pytest.fixture(scope="module")
def result(library: Assistant) -> dict[str, Any]:
    return library.evaluate(n=5, variants=["answer_above=0.99"])


def gold(*, n: int = 5, seed: int = 0, frequency: dict[str, int] | None = None) -> Gold:
    papers = [Paper("a", "a", TITLE), Paper("b", "b", "Song of warblers by a river")]
    ids = iter(range(1, 100))
    passages = {
        name: [Passage(name, text, (), id=next(ids)) for text in found] for name, found in (("a", SOILS), ("b", BIRDS))
    }
    counts = frequency if frequency is not None else {w: 1 for t in (*SOILS, *BIRDS) for w in content_words(t)}
    return make_gold(papers, lambda i: passages[i], lambda word: counts.get(word, 0), n=n, seed=seed)


def test_a_claim_is_its_sentence_without_the_rarest_words() -> None:
    common = {w: 5 for t in (*SOILS, *BIRDS) for w in content_words(t)}
    made = gold(frequency=common | {"clay": 1, "potassium": 1, "minerals": 1})
    claim = next(q for q in made.queries if q.kind == CLAIMS[0] and 1 in q.relevant)
    assert claim.text == "The of the northern plots held more than those of the southern plots in spring."
    assert claim.relevant == {1}


def test_equal_seeds_give_equal_sets_and_others_do_not() -> None:
    assert gold() == gold()
    assert gold() != gold(seed=1)


def test_papers_take_turns() -> None:
    held = [min(q.relevant) for q in gold(n=2).queries if q.kind == CLAIMS[0]]
    assert len(held) == 2
    assert {i <= len(SOILS) for i in held} == {True, False}


def test_a_title_is_not_measured_by_the_passage_that_holds_it() -> None:
    papers = [Paper("a", "a", TITLE)]
    held = [Passage("a", f"{TITLE} {SOILS[0]}", (), id=1), Passage("a", SOILS[1], (), id=2)]
    made = make_gold(papers, lambda _: held, lambda _: 1, n=3, seed=0)
    title = next(q for q in made.queries if q.kind == TITLES)
    assert (title.relevant, title.ignored) == ({2}, {1})


def test_what_cannot_be_answered_is_not_in_the_library() -> None:
    known = {w for t in (*SOILS, *BIRDS) for w in content_words(t)}
    made = gold()
    assert {q.kind for q in made.unanswerable} == {"invented", "another field", "half invented"}
    for query in made.unanswerable:
        assert not set(content_words(query.text)) - {"affect", "known"} <= known
    assert all("warble" not in q.text.lower() for q in made.unanswerable if q.kind == "another field")


def test_only_plain_statements_are_negated() -> None:
    negated = dict(gold().statements)
    assert negated[SOILS[1]] == SOILS[1].replace("was higher", "was not higher")
    assert SOILS[2] not in negated


def test_chinese_sentences_give_chinese_questions() -> None:
    text = "施用维洛石后番茄产量平均提高了一成八，而果实含糖量没有显著差异。"
    held = [
        Passage("a", text, (), id=1),
        Passage("a", "淋失水由埋设在六十厘米深处的集水盘收集，每周取样一次。", (), id=2),
    ]
    known = {w for p in held for w in content_words(p.text)}
    made = make_gold([Paper("a", "a", "维洛石")], lambda _: held, lambda w: w in known, n=3, seed=0)
    claims = [q for q in made.queries if q.kind == CLAIMS[0]]
    assert {min(q.relevant) for q in claims} == {1, 2}
    assert made.unanswerable[0].text.endswith("有什么作用？")
    assert not made.statements


def test_the_report_holds_every_ranking_and_kind(result: dict[str, Any]) -> None:
    assert list(result["retrieval"]) == ["lexical", "dense", "fused", "full", "full, answer_above=0.99"]
    for kinds in result["retrieval"].values():
        assert list(kinds) == [*CLAIMS, TITLES]
        for row in kinds.values():
            assert all(0 <= row[m] <= 1 for m in row if "@" in m)
            assert 0 < row["p50_ms"] <= row["p95_ms"]
    assert result["retrieval"]["full"]["claims"]["recall@5"] == 1
    assert json.loads(json.dumps(result)) == result


def test_a_higher_threshold_answers_less_and_declines_more(result: dict[str, Any]) -> None:
    low, high = result["abstention"][AS_SET], result["abstention"]["answer_above=0.99"]
    assert low["answered"] > high["answered"]
    assert low["declined"] <= high["declined"] == 1
    answered = [point["answered"] for point in low["curve"]]
    assert answered == sorted(answered, reverse=True)


def test_verdicts_on_negations_are_counted(result: dict[str, Any]) -> None:
    found = result["negations"]
    assert found["n"] == sum(found["negated"].values()) == sum(found["as it stands"].values()) > 0
    # The double judges by words alone, so a negation is to it what it denies.
    assert found["negated_supports"] == found["negated"]["SUPPORTS"] / found["n"] > 0


def test_the_report_is_written_whole(result: dict[str, Any], tmp_path: Path) -> None:
    library_report.write(tmp_path / "out", result)
    assert json.loads((tmp_path / "out" / library_report.REPORT).read_text(encoding="utf-8")) == result
    page = (tmp_path / "out" / library_report.PAGE).read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "<script" not in page
    for name in (library_report.RANKING, library_report.ABSTENTION):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")
    text = library_report.report_text(result)
    assert all(line in text for line in library_report.TELLS)
    (tmp_path / "file").write_text("")
    with pytest.raises(AssistantError, match="--out"):
        library_report.write(tmp_path / "file", result)


@pytest.mark.parametrize("change", ["passage_tokens=9", "candidates", "candidates=many", "candidates=0", ""])
def test_a_setting_that_cannot_be_compared_is_refused(change: str) -> None:
    with pytest.raises(UsageError):
        varied(Settings(), [change])


def test_settings_to_compare() -> None:
    found = varied(Settings(), ["candidates=7, answer_above=0.5"])
    assert found[AS_SET] == Settings()
    assert found["candidates=7, answer_above=0.5"] == Settings(candidates=7, answer_above=0.5)


@pytest.mark.parametrize("arguments", [["evaluate"], ["evaluate", "--library", "nowhere", "--n", "2"]])
def test_the_command_says_what_it_needs(
    arguments: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) in (1, 2)
    assert "error:" in capsys.readouterr().err


def test_the_command(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--library", str(sample_library), "--n", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 1
    assert found["retrieval"]["full"]["claims"]["n"] == 1
