"""Text -> sentences, with exact offsets, for scientific English and Chinese. Pure; knows characters, nothing else.

A rule-based splitter: every stop is a candidate, and a chain of tests says which candidates end a sentence. In doubt
it does not cut: two sentences taken as one still quote whole, half a sentence does not.
"""

from __future__ import annotations

import re

_STOP = re.compile(
    r"""
    (?<![.!?…]) [.!?…]++                  # the stop; from its first mark only, so that a million dots stay linear
    [)\]}"'”’»]*+                         # what it closes
    (?: \[ [\d\s,;–-]{1,40} \] )?         # a citation right after it: ".[3, 4]"
    (?: [¹²³⁰⁴-⁹] [¹²³⁰⁴-⁹,–]*+           # a superscript number, told from a decimal by what stands before the stop
      | (?: (?<=[^\W\d][.]) | (?<=[)\]"'”’%][.]) | (?<=[.][)”’"]) ) \d{1,3} (?: [,–-] \d{1,3} )*+
    )?
    (?= \s | $ )
    (?: [ \t\u00a0]++ \[ [\d\s,;–-]{1,40} \] (?= \s+ [A-Z] | \s* $ ) )?   # or after a space: ". [3, 4] We"
    | [。！？｡．]++ [”’」』）】》"')\]]*+      # Chinese stops need no space
    """,
    re.VERBOSE,
)
_LOOK_BACK = 60
"""Characters before a stop that are looked at."""
_NEXT = re.compile(r"""\s*[(\[{"'“‘«*†‡§#•–—-]*\s*(?P<word>\S+)""")
_BEFORE = re.compile(r"(?P<word>[^\s(\[{\"'“‘«,;:/–—]+)$")
_ENUMERATOR = re.compile(
    r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[A-Za-z]|[ivxIVX]{1,4})[.)]?"
    r"|(?:Supplementary |Extended Data )?(?:Fig(?:ure)?s?|Tab(?:le)?|Scheme|Box|Movie)\.? [A-Z]?\d{1,3}[a-z]?[.:]?"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never the end, whatever follows.
_OPEN = _words("""
    e.g i.e eg ie cf viz vs v.s resp approx ca dr drs prof mr mrs ms st sr jr mt fig figs tab tabs eq eqs eqn eqns
    ref refs sec secs sect ch chap app suppl supp ed eds pp vol vols no nos art para dept univ inst assoc sp spp
    subsp ssp var cv subg nov bzw z.b d.h aka a.k.a w.r.t s.t incl excl conc temp wt mol max min av avg est obs exp
    std diam
""")
# The end only where a word follows that begins sentences.
_MAYBE = _words("""
    al etc seq co corp inc ltd u.s u.k e.u u.s.a a.m p.m i.v i.p s.c p.o i.m b.i.d t.i.d ph.d m.d m.sc b.sc d.c ibid
    jan feb mar apr jun jul aug sept sep oct nov dec
""")
# Ends a sentence as any word does, unless a number follows ("the answer is no.", "no. 5").
_NUMBERED = _words("""
    no nos p pp art para max min exp app sec est mol ch mar st ms var ed
""")
_STARTERS = _words("""
    the a an we our in on at this these those it its they their he she there here however although though while when
    where whereas as for from to with by if since because after before during moreover furthermore thus therefore
    hence then also additionally finally first second third next overall together both all no not each some most
    many several such similarly conversely nevertheless nonetheless despite instead indeed interestingly importantly
    notably given using based taken compared unlike like one two three among between within under upon i what which
    who how why is are was were does do did can could may might should results patients participants data methods
    conclusions background objective objectives subjects
""")
# A single capital after one of these is a name of something, not an initial: "vitamin C. We".
_LETTERED = _words("""
    vitamin vitamins hepatitis type types group groups panel panels factor protein proteins influenza class stage
    phase grade case model algorithm method condition appendix part hemoglobin cytochrome
""")


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, in order, disjoint, without white space at either end.

    A newline ends a sentence always; every character that is not white space lies in exactly one sentence.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for line in text.split("\n"):
        found += [(start + a, start + b) for a, b in _in_line(line)]
        start += len(line) + 1
    return found


def is_complete(text: str) -> bool:
    """Whether the text ends as a sentence ends (so that nothing of it need follow on the next page)."""
    tail = text.rstrip()[-_LOOK_BACK:]
    last = next((m for m in _STOP.finditer(tail) if m.end() == len(tail)), None)
    if last is None:
        return False
    before = _BEFORE.search(tail, 0, last.start()) if tail[last.start()] == "." else None
    return before is None or _word_ends(tail, before, "x")


def _in_line(line: str) -> list[tuple[int, int]]:
    cuts = [m.end() for m in _STOP.finditer(line) if _ends(line, m)]
    found = []
    start = 0
    for cut in (*cuts, len(line)):
        if trimmed := _trim(line, start, cut):
            found.append(trimmed)
        start = cut
    return _join_enumerators(line, found)


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left, right = len(piece) - len(piece.lstrip()), len(piece.rstrip())
    return (start + left, start + right) if left < right else None


def _join_enumerators(line: str, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A number, letter or label that stands alone ("1.", "a)", "Figure 2.") belongs to the sentence after it."""
    joined: list[tuple[int, int]] = []
    pending: int | None = None
    for start, end in found:
        begin = start if pending is None else pending
        if _ENUMERATOR.fullmatch(line, start, end) and end < found[-1][1]:
            pending = begin
            continue
        joined.append((begin, end))
        pending = None
    return joined


def _ends(line: str, stop: re.Match[str]) -> bool:
    """Whether this stop ends a sentence."""
    mark = line[stop.start()]
    if mark in "。！？｡．":
        return True
    following = _NEXT.match(line, stop.end())
    if following is None:
        return True
    word = following["word"]
    if not _can_begin(word):
        return False
    if mark != "." or line.startswith("..", stop.start()):
        return True
    before = _BEFORE.search(line, max(0, stop.start() - _LOOK_BACK), stop.start())
    if before is None:
        return True
    return _word_ends(line, before, word)


def _can_begin(word: str) -> bool:
    """Whether a sentence may begin with `word`: a capital, a digit, another script, a symbol such as mTOR, p53."""
    first = word[0]
    if first.islower():
        return not first.isascii() or any(c.isupper() or c.isdigit() for c in word[1:6])
    return first.isalnum()


def _word_ends(line: str, before: re.Match[str], following: str) -> bool:
    """Whether a full stop after the word `before` ends a sentence when `following` comes next."""
    word = before["word"].lower().strip(".")
    starter = re.sub(r"\W+$", "", following).lower() in _STARTERS and following[0].isupper()
    if len(word) == 1 and word.isalpha():
        return _letter_ends(line, before, starter)
    if word in _MAYBE:
        return starter
    if word in _NUMBERED and not before["word"][0].isupper():
        return not following[0].isdigit() and starter
    return word not in _OPEN


def _letter_ends(line: str, before: re.Match[str], starter: bool) -> bool:
    """A single letter: an initial ("J. Smith"), a genus ("S. aureus") or the end ("vitamin C. We", "time t. The")."""
    earlier = line[max(0, before.start() - _LOOK_BACK) : before.start()].split()
    lettered = bool(earlier) and earlier[-1].lower().strip("(") in _LETTERED
    return starter or lettered


# Scripts written without spaces between words: Han with its extensions, and the Japanese syllabaries.
_UNSPACED = re.compile(r"[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_SOFT_HYPHEN = 0xAD


def fts_text(text: str) -> str:
    """What the word index is to hold for `text`: Chinese and Japanese as overlapping pairs of characters (the index's
    tokenizer finds nothing inside a run of them), ligatures as letters, no soft hyphens, all else unchanged."""
    spelled = text.translate({**_LIGATURES, _SOFT_HYPHEN: None})
    return _UNSPACED.sub(lambda run: f" {' '.join(character_pairs(run[0]))} ", spelled)


def character_pairs(run: str) -> list[str]:
    """The overlapping pairs of a run's characters; the run itself where it is shorter."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
