"""The commands as a shell sees them: what they print, where, and what they exit with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main
from tests.conftest import ROOT

TITLE_CITED = "Mineralogical letters on pore structure and exchange capacity of velorite"
QUESTION = "Does velorite increase tomato yield?"
SAMPLES = ROOT / "examples" / "papers"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def library(sample_library: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(sample_library, tmp_path / "library"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert (code, out) == (0, "assistant 0.1.0\n")


def test_ask_prints_quotes_with_paper_and_page(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "ask", QUESTION, "--library", sample_library)
    assert code == 0
    assert f"library: {sample_library}" in err
    assert "[1]" in out
    assert "p. " in out
    assert "“" in out


@pytest.mark.parametrize("wider", [(), ("--references",)])
def test_ask_finds_references_on_request_only(
    sample_library: Path, capsys: pytest.CaptureFixture[str], wider: tuple[str, ...]
) -> None:
    _, out, _ = run(capsys, "ask", TITLE_CITED, "--library", sample_library, "--json", *wider)
    assert ("reference" in {e["kind"] for e in json.loads(out)["evidence"]}) is bool(wider)


def test_ask_json_is_one_object_whose_quotes_are_in_their_pages(
    sample_library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from assistant.index.store import Store

    code, out, _ = run(capsys, "ask", QUESTION, "--library", sample_library, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["abstained"] is False
    assert len({e["work_id"] for e in answer["evidence"]}) >= 2
    store = Store(sample_library)
    for e in answer["evidence"]:
        pages = {p.number: p for p in store.pages(e["paper_id"])}
        joined = " ".join(pages[s["page"]].text[s["start"] : s["end"]] for s in e["spans"])
        assert joined == e["text"]
        assert e["text"] in e["context"]["text"]
        assert Path(e["path"]).is_file()
        assert (e["page"], e["boxes"]) == (e["spans"][0]["page"], e["spans"][0]["boxes"])
        assert e["page_label"] == pages[e["page"]].label
    store.close()


def test_check_json(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "Velorite increases tomato yield.", "--library", sample_library, "--json")
    verdict = json.loads(out)
    assert code == 0
    assert verdict["label"] in ("SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO")
    assert verdict["calibrated"] is True
    assert 0 < verdict["confidence"] < 1
    assert verdict["evidence"]
    assert verdict["conflict"] is True
    votes = {p["title"]: p["label"] for p in verdict["papers"]}
    assert votes["No yield benefit of velorite for tomato on coastal sand, and a loss at high rates"] == "REFUTES"
    shown = {e["n"] for e in verdict["evidence"]}
    assert all(set(p["evidence"]) <= shown for p in verdict["papers"])


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Velorit erhöht den Ertrag der Tomaten.", "not judged: language"),
        ("石灰提高了土壤的酸碱度。", "not judged: language"),
        ("Aspirin relieves headache in adults.", "nothing read is about it"),
    ],
)
def test_check_says_why_it_does_not_judge(
    claim: str, reason: str, sample_library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "check", claim, "--library", sample_library, "--json")
    verdict = json.loads(out)
    assert code == 0
    assert (verdict["label"], verdict["confidence"], verdict["reason"]) == ("NOT_ENOUGH_INFO", None, reason)


def test_a_missing_adapter_is_one_sentence(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(
        capsys, "check", "Velorite helps tomatoes.", "--library", sample_library, "--verifier", "/no/such/adapter"
    )
    assert code == 1
    assert "is no adapter" in err
    assert "Traceback" not in err


def test_an_adapter_for_another_base_is_one_sentence(
    sample_library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from assistant.finetune.adapters import BUILT_IN_FOLDER

    other = shutil.copytree(BUILT_IN_FOLDER, tmp_path / "other")
    described = json.loads((other / "assistant.json").read_text(encoding="utf-8"))
    (other / "assistant.json").write_text(json.dumps(described | {"base_sha256": "0" * 64}), encoding="utf-8")
    code, _, err = run(capsys, "check", "Velorite helps.", "--library", sample_library, "--verifier", other)
    assert code == 1
    assert "belongs to the base" in err


def test_an_abstention_is_an_answer(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", "Who won the chess olympiad in 1972?", "--library", sample_library, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["abstained"] is True
    assert "did not find" in answer["text"]
    assert answer["evidence"], "the nearest passages are shown"


def test_ingest_json_is_a_line_for_each_file_then_a_summary(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ingest", SAMPLES, "--library", library, "--json")
    *files, summary = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {f["status"] for f in files} == {"unchanged"}
    assert set(files[0]) >= {"path", "status", "reason", "paper_id", "pages", "passages", "seconds"}
    assert "path" not in summary


def test_a_failed_file_is_exit_code_3(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.pdf").write_text("these are notes", encoding="utf-8")
    code, out, _ = run(capsys, "ingest", tmp_path / "notes.pdf", "--library", library)
    assert code == 3
    assert "not a PDF" in out


def test_papers_list_show_remove(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "papers", "--library", library, "--json")
    papers: list[dict[str, Any]] = json.loads(out)
    assert len(papers) == len(list(SAMPLES.glob("*.pdf")))
    paper = papers[0]
    code, out, _ = run(capsys, "papers", "show", paper["id"][:12], "--library", library)
    assert code == 0
    assert paper["title"].split()[0] in out
    code, out, _ = run(capsys, "papers", "remove", paper["id"][:12], "--library", library)
    assert code == 0
    _, out, _ = run(capsys, "papers", "--library", library, "--json")
    assert paper["id"] not in {p["id"] for p in json.loads(out)}


def test_papers_show_says_what_is_cited_and_by_whom(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "papers", "--library", library, "--json")
    papers: list[dict[str, Any]] = json.loads(out)
    shown = [json.loads(run(capsys, "papers", "show", p["id"], "--library", library, "--json")[1]) for p in papers]
    cited = {r["paper_id"] for paper in shown for r in paper["references"]} - {None}
    assert cited == {paper["id"] for paper in shown if paper["cited_by"]}
    assert cited
    citing = next(paper for paper in shown if any(r["paper_id"] for r in paper["references"]))
    assert all(citing["id"] in p["cited_by"] for p in shown if p["id"] in {r["paper_id"] for r in citing["references"]})
    _, out, _ = run(capsys, "papers", "show", citing["id"][:12], "--library", library)
    assert f"{len(citing['references'])} references" in out
    assert "  -> " in out
    assert len({paper["work_id"] for paper in shown}) == len(shown)


def test_papers_edit_and_bib(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = json.loads(run(capsys, "papers", "--library", library, "--json")[1])[0]
    edit = ("papers", "edit", paper["id"][:12], "--library", library)
    authors = ("--author", "Ann Author", "--author", "Bo Writer")
    code, out, _ = run(capsys, *edit, "--title", "50% better", *authors, "--year", "1999")
    assert code == 0
    assert "50% better" in out
    _, out, _ = run(capsys, "papers", "bib", paper["id"][:12], "--library", library)
    assert out.startswith("@")
    assert "title = {50\\% better}" in out
    assert "author = {Ann Author and Bo Writer}" in out
    assert run(capsys, "papers", "bib", "--library", library)[1].count("@") == len(list(SAMPLES.glob("*.pdf")))
    code, _, err = run(capsys, *edit, "--year", "soon")
    assert (code, "'soon' is no year" in err) == (2, True)
    _, out, _ = run(capsys, *edit, "--title", "", "--author", "", "--year", "", "--json")
    assert json.loads(out) == paper


def test_doctor(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--library", library, "--json")
    health = json.loads(out)
    assert (code, health["ok"]) == (0, True)
    for cache in library.glob("index.*.faiss"):
        cache.unlink()
    code, out, _ = run(capsys, "doctor", "--library", library)
    assert code == 0, "a missing cache is a note, nothing is lost"
    code, out, _ = run(capsys, "doctor", "--library", library, "--fix")
    assert code == 0
    assert list(library.glob("index.*.faiss"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ask", ""], 2, "empty"),
        (["ask", "?!"], 2, "empty"),
        (["ask", "x " * 50_000], 2, "shorten"),
        (["check", " "], 2, "empty"),
        (["papers", "show", "zzz"], 2, "no paper"),
        (["papers", "remove", ""], 2, "no paper"),
        (["ingest", "/nowhere/at/all"], 2, "no file or folder"),
        (["ask", QUESTION, "--embedder", "/nowhere"], 1, "/nowhere"),
        (["chat", "--host", "0.0.0.0"], 2, "0.0.0.0"),
        (["ingest", "x", "--workers", "0"], 2, "workers"),
        (["ingest", "x", "--workers", "many"], 2, "many"),
        ([], 2, "COMMAND"),
    ],
)
def test_wrong_usage_is_one_sentence(
    arguments: list[str], code: int, words: str, sample_library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--library", str(sample_library)] if arguments else []
    got, out, err = run(capsys, *arguments, *options)
    assert got == code
    assert words in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [["ask", QUESTION], ["check", "It rose."], ["doctor"]])
def test_no_library_is_one_sentence(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *command, "--library", tmp_path / "none")
    assert code == 1
    assert "assistant ingest" in err
    assert not (tmp_path / "none").exists()


def test_an_empty_library_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from assistant.index.library import Library

    Library(tmp_path / "library", create=True).close()
    code, _, err = run(capsys, "ask", QUESTION, "--library", tmp_path / "library")
    assert code == 1
    assert "is empty" in err


def test_a_library_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "library").write_text("x", encoding="utf-8")
    for command in (["ask", QUESTION], ["ingest", str(SAMPLES)], ["papers"]):
        code, _, err = run(capsys, *command, "--library", tmp_path / "library")
        assert code == 1
        assert "is a file" in err


def test_the_unforeseen_is_reported_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("assistant.api.Assistant.papers", fail)
    code, _, err = run(capsys, "papers", "--library", tmp_path)
    assert code == 1
    assert "ASSISTANT_DEBUG" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--model", "hf:/nowhere/at-all"), 1, "/nowhere/at-all"),
        (("--model", "openai:x"), 2, "names no server"),
        (("--model", "gpt"), 2, "extractive, hf:"),
        (("--adapter", "mine"), 2, "goes with a local model"),
    ],
)
def test_a_model_that_cannot_be_is_a_sentence_and_nothing_is_tried_in_its_place(
    sample_library: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: int, says: str
) -> None:
    ended, out, err = run(capsys, "ask", QUESTION, "--library", sample_library, *options)
    assert ended == code
    assert out == ""
    assert says in err


def test_a_chat_model_writes_from_python(sample_library: Path) -> None:
    from langchain_core.language_models.fake_chat_models import FakeListChatModel

    from assistant import Assistant

    quote = "velorite did not increase tomato yield"
    inference = "On sandy soil velorite did not increase tomato yield."
    tried = [{"evidence": [n], "quote": quote, "inference": inference, "type": "observation"} for n in range(1, 13)]
    reply = json.dumps({"steps": tried, "conclusion": inference, "label": "REFUTES"})
    with Assistant(sample_library, model=FakeListChatModel(responses=[reply, reply, "", ""])) as assistant:
        answer = assistant.ask(QUESTION)
    written = [s for s in answer.steps if s.quote]
    assert [s.text for s in written] == [inference]
    assert quote in answer.evidence[0].text
    assert answer.evidence[0].spans[0].boxes
    assert answer.provenance.models[0].startswith("langchain:FakeListChatModel")
    assert answer.provenance.counts["invented quote"] >= 8


def test_ask_prints_its_graph(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", QUESTION, "--library", sample_library, "--graph", "mermaid")
    assert code == 0
    assert out.startswith("flowchart LR\n")
    assert "raises" in out
    code, out, _ = run(capsys, "ask", QUESTION, "--library", sample_library, "--graph", "json")
    graph = json.loads(out)
    assert {"velorite"} <= {node["label"].casefold() for node in graph["nodes"]}
    assert {edge["sign"] for edge in graph["edges"] if "yield" in edge["effect"]} == {1, 0}  # on loam, on sand
    assert all(conflict["raising"] and conflict["unchanged"] for conflict in graph["conflicts"])
    assert graph["conflicts"]


def test_compare_prints_a_row_for_each_work(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claim = "Velorite increases tomato yield"
    code, out, _ = run(capsys, "compare", claim, "--library", sample_library, "--json", "--no-verdict")
    rows = json.loads(out)["rows"]
    assert {row["stance"] for row in rows} >= {"SUPPORTS", "REFUTES"}
    assert all(row["verdict"] is None and row["note"] for row in rows)
    code, out, _ = run(
        capsys, "compare", claim, "--library", sample_library, "--papers", rows[0]["paper"]["id"][:8], "--csv"
    )
    assert code == 0
    assert out.count("\n") == 2
    assert ",REFUTES," in out


def test_summary_prints_what_a_paper_says_of_itself(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "papers", "list", "--library", sample_library, "--json")
    paper = next(p for p in json.loads(out) if "coastal sand" in p["title"])
    code, out, _ = run(capsys, "summary", paper["id"][:10], "--library", sample_library)
    assert code == 0
    assert "Found" in out
    assert "did not increase tomato yield" in out
    code, out, _ = run(capsys, "summary", paper["id"][:10], "--library", sample_library, "--json")
    assert {line["part"] for line in json.loads(out)["lines"]} == {"asks", "did", "found", "warns of"}
    code, _, err = run(capsys, "summary", "zzzz", "--library", sample_library)
    assert code != 0
    assert "zzzz" in err


def test_a_wish_for_a_summary_is_met_by_ask(sample_library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", "What are these papers about?", "--library", sample_library, "--json")
    answer = json.loads(out)
    assert (code, answer["abstained"]) == (0, False)
    assert len({e["work_id"] for e in answer["evidence"]}) == 6
