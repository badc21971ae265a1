"""How a paper is named in print: DOI, arXiv id, PMID, year; and the forms in which titles and names are compared.

Pure; knows text alone. Forms: DOI handbook 2.2 (doi.org), arXiv's identifier scheme
(info.arxiv.org/help/arxiv_identifier).
"""

from __future__ import annotations

import re
import unicodedata

YEAR = r"(?:1[6-9]|20)\d\d"
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`，。；）】]{1,300}", re.IGNORECASE)
_MAX_DOI = 200
_END = re.compile(r"[.,;:'’”*]+$")
_GLUED = re.compile(r"(?:\.?\[?(?:pmid|pmcid|pubmed|epub|available|accessed|https?:|www\.|©)).*$", re.IGNORECASE)
"""What a reference manager sets right behind a DOI, without a space."""
_CUT = (
    re.compile(r"\b10\s?\.\s(?=\d{4,9}/)"),
    re.compile(r"\b10\.\d{4,9}\s?/\s(?=\w)|\b10\.\d{4,9}\s(?=/\w)"),
    re.compile(r"\b10\.\d{4,9}/\S{0,200}[./_]\s(?!(?:19|20)\d\d(?!\d|[./-]\d))(?=\S*\d{3,}(?:\W|$)|\d+\.\d)"),
    re.compile(r"\b10\.\d{4,9}/\S{0,200}\(\S{0,200}\)\s(?=\d{3,}-)"),
    re.compile(r"\b10\.\d{4,9}/\S{0,200}-\s(?=[\w.-]*\d)"),
)
"""A DOI cut at a line's end; a sentence that follows one begins with a letter."""
_ARXIV = re.compile(
    r"(?:arxiv(?:\.org/(?:abs|pdf)/|\s*:?\s*(?:preprint\s*)?(?:arxiv\s*:\s*)?|\.)|\babs/)"
    r"((?:\d{4}\.\d{4,5})|(?:[a-z-]{2,12}(?:\.[a-z]{2})?/\d{7}))(v\d{1,2})?(?![\d/])",
    re.IGNORECASE,
)
_PMID = re.compile(r"\bPMID:?\s*(\d{4,8})\b|pubmed(?:\.ncbi\.nlm\.nih\.gov|/)/?(\d{4,8})\b", re.IGNORECASE)
_PREPRINT = re.compile(
    r"10\.(?:48550/|1101/\d|21203/|31234/|31219/|31235/|26434/|20944/|2139/|36227/|22541/|31223/|32942/|12688/)"
)
"""DOI prefixes of preprint servers: arXiv, bioRxiv and medRxiv, Research Square, the OSF's, ChemRxiv, Preprints.org,
SSRN, TechRxiv, Authorea, EarthArXiv, EcoEvoRxiv; and F1000Research, which numbers its versions as they do."""
_VERSION = re.compile(r"(?:[/._-]?v\d{1,2}|/\d{1,2}|(?<=\d)\.\d)$")
_PART = re.compile(
    r"(?:[./_-](?:s|st|t|g|e|si_?|supp\w*-?|figure-?|fig\.?|table-?)\d{1,3}|[./_-](?:supp\w*|suppl|si))$"
)
"""How journals number the supplements, figures and tables of a paper: 10.1371/journal.pone.0000001.s001."""
_SUFFIX = re.compile(r",?\s+(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")
_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "长孙",
        "宇文",
        "司徒",
        "令狐",
        "东方",
        "端木",
        "百里",
    ]
)


def find_dois(text: str) -> list[str]:
    """The DOIs in `text`, in lower case, in order; one cut at a line's end is made whole."""
    for cut in _CUT:
        text = cut.sub(lambda found: "".join(found[0].split()), text)
    return [doi for found in _DOI.finditer(text) if (doi := _trimmed(found[0]))]


def _trimmed(doi: str) -> str:
    """A DOI without the full stops, brackets and words that a sentence puts behind it."""
    doi = _GLUED.sub("", doi)
    while (shorter := _END.sub("", doi)) != doi or _unbalanced(doi):
        doi = shorter if shorter != doi else doi[:-1]
    return doi[:_MAX_DOI].lower() if len(doi.partition("/")[2]) > 1 else ""


def _unbalanced(doi: str) -> bool:
    return any(doi.endswith(close) and doi.count(close) > doi.count(opening) for opening, close in ("()", "[]"))


def find_arxiv(text: str) -> str:
    """The first arXiv id in `text`, without its version; "" for none."""
    found = _ARXIV.search(text)
    return found[1].lower() if found else ""


def find_pmid(text: str) -> str:
    """The first PubMed id in `text` that is called so; "" for none."""
    found = _PMID.search(text)
    return (found[1] or found[2]) if found else ""


def base_doi(doi: str) -> str:
    """The DOI that the versions of a preprint and the supplements of a paper share."""
    doi = doi.strip().lower()
    if _PREPRINT.match(doi):
        doi = _VERSION.sub("", doi)
    return _PART.sub("", doi)


def is_preprint(doi: str) -> bool:
    """Whether the DOI is that of a preprint server."""
    return _PREPRINT.match(doi.lower()) is not None


def letters(text: str) -> str:
    """Letters and digits alone, without case and accents: two titles set differently become equal."""
    spelt = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    return "".join(c for c in spelt.casefold() if c.isalnum())


def surname(author: str) -> str:
    """The last word of the family name of "Ann B. Author", "Author, Ann", "Author AB", or the family name of "王小明",
    in `letters`; "" for none. Particles and first parts are left out, which half of all lists of references drop."""
    author = _SUFFIX.sub("", author.strip())
    if _HAN.match(author):
        whole = "".join(author.split())
        return whole[:2] if whole[:2] in _COMPOUND_SURNAMES and len(whole) > 2 else whole[:1]
    words = author.partition(",")[0].split() if "," in author else author.split()
    while len(words) > 1 and _is_initials(words[-1], shouted=author.isupper()):
        words.pop()
    return letters(words[-1]) if words else ""


def _is_initials(word: str, *, shouted: bool) -> bool:
    """ "JB", "A.-M.", but not the "WU" of "DAN WU"."""
    bare = word.replace(".", "").replace("-", "")
    return len(bare) <= 3 and bare.isupper() and bare.isalpha() and ("." in word or len(bare) < (2 if shouted else 4))
