"""Text -> sentences, with exact offsets, for scientific English and Chinese. Pure; knows characters, nothing else.

A rule-based splitter: every stop is a candidate, and a chain of tests says which candidates end a sentence. In doubt
it does not cut: two sentences taken as one still quote whole, half a sentence does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.index.chinese import UNSPACED, character_pairs, one_spelling

_STOP = re.compile(
    r"""
    (?<![.!?…]) [.!?…]++                  # the stop; from its first mark only, so that a million dots stay linear
    (?:
      [)\]}"'”’»]*+                       # what it closes
      (?: \[ [\d\s,;–-]{1,40} \] )?       # a citation right after it: ".[3, 4]"
      (?: [¹²³⁰⁴-⁹] [¹²³⁰⁴-⁹,–]*+         # a superscript number, told from a decimal by what stands before the stop
        | (?: (?<=[^\W\d][.]) | (?<=[)\]"'”’%][.]) | (?<=[.][)”’"]) ) \d{1,3} (?: [,–-] \d{1,3} )*+
      )?
      (?= \s | $ )
      (?: [ ] ["”’]++ (?= \s | $ ) )?     # a quote closed after a space
      (?: [ \t\u00a0]++ \[ [\d\s,;–-]{1,40} \] (?= \s+ [A-Z] | \s* $ ) )?   # or after a space: ". [3, 4] We"
    | (?<= [\u3400-\u9fff][.!?] ) [)\]”’"]*+ (?= [\u3400-\u9fffA-Z\d] )   # an ASCII stop in Chinese: "显著.方法"
    | (?<= [\w)\]%％”’"][.!?] ) [)\]”’"]*+ (?= [\u3400-\u9fff] )
    )
    | (?: [。！？｡] | (?<! [0-9０-９] ) ． | ． (?! [0-9０-９] ) )   # Chinese stops need no space; １．５ is a number
      [。！？｡．]*+ [”’」』）】》"')\]]*+
      (?: ［ [\d\s,，;；、～–-]{1,40} ］ | \[ [\d\s,，;；、~–-]{1,40} \] )?
    """,
    re.VERBOSE,
)
_CHINESE_STOPS = "。！？｡．"
_LOOK_BACK = 60
"""Characters before a stop that are looked at."""
_BRACKETED = 300
"""Characters in brackets, at most, that are taken as part of the sentence around them; more is an unclosed bracket."""
_BRACKET = re.compile(r"[()\[\]（）［］]")
_NEXT = re.compile(r"""\s*[(\[{"'“‘«*∗†‡§#•–—©-]*\s*[$€£¥~≈≥≤<>±−]?(?P<word>\S{1,60})""")
_BEFORE = re.compile(r"(?P<word>[^\s(\[{\"'“‘«,;:/–—]+)$")
_NUMBER = re.compile(r"[~≈<>≤≥±]?\d[\d.,]*$")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_INITIALS = re.compile(r"(?:[A-Z]\.-?)+[A-Z]")
_ADVERB = re.compile(r"[A-Z][a-z]+ly,")
_ENUMERATOR = re.compile(
    r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[A-Za-z]|[ivxIVX]{1,4})[.)．]?"
    r"|(?:Supplementary |Extended Data )?(?:Fig(?:ure)?s?|Tab(?:le)?|Scheme|Box|Movie)\.? [A-Z]?\d{1,3}[a-z]?[.:]?"
    r"|[图圖表]\s?\d{1,3}[.．]?"
)
# What follows a closed Chinese quote when its sentence goes on: a particle, or who said it.
_GOES_ON = re.compile(
    r"[的是，、；：和与或及等]|这[一个种样]"
    r"|[^，。！？；：\s]{1,12}(?:说|问|答|写道|写到|说道|问道|答道|指出|认为|表示|解释|评论|强调|补充|回忆)(?:道)?[，。]"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_QUOTE_ENDS = frozenset("”’」』\"'")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never the end, whatever follows.
_OPEN = _words("""
    e.g i.e eg ie cf viz vs v.s approx ca dr drs prof mr mrs ms st mt fig figs tab tabs eq eqs eqn eqns
    ref refs sec secs sect ch chap app suppl supp ed eds pp vol vols no nos art para dept univ inst assoc
    subsp ssp var cv subg bzw z.b d.h aka a.k.a w.r.t s.t incl excl av calcd thm prop cor
    proc natl acad sci lett commun chem phys biol eng int
""")
# The end only where a word follows that begins sentences.
_MAYBE = _words("""
    al seq co corp inc ltd u.s u.k e.u u.s.a ph.d m.d m.sc b.sc d.c ibid jr sr resp i.i.d a.s anal trans
    sp spp nov conc temp wt mol max min avg est obs exp std diam wk wks hr hrs mo yr yrs
    jan feb mar apr jun jul aug sept sep oct nov dec
""")
# Ends a sentence as any word does, unless a number follows ("the answer is no.", "no. 5").
_NUMBERED = _words("""
    no nos p pp art para max min exp app sec est mol ch mar st ms var ed cl wk wks
""")
# After a number these are units: "for 30 min. Cells", "25 m. Samples".
_UNITS = _words("""
    min max sec hr hrs wk wks mo yr yrs mol wt m g h s d y l L K V W N J T A M C F
""")
# Single small letters that stand for a word before a capital: "p. Arg", "Roe v. Wade", "c. AD 50".
_SHORT = frozenset("pvcf")
_STARTERS = _words("""
    the a an we our in on at this these those it its it's they their he she there here however although though while
    when where whereas as for from to with by if since because after before during moreover furthermore thus
    therefore hence then also additionally finally first second third next overall together both all no not each some
    most many several such similarly conversely nevertheless nonetheless despite instead indeed interestingly
    importantly notably given using based taken compared unlike like one two three among between within under upon i
    none nobody nothing neither what which who how why is are was were does do did can could may might should
    results patients participants data methods conclusions background objective objectives subjects
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
    return before is None or _word_ends(tail, before, "X")


def _in_line(line: str) -> list[tuple[int, int]]:
    found = []
    start = 0
    for cut in (*_cuts(line), len(line)):
        if trimmed := _trim(line, start, cut):
            found.append(trimmed)
        start = cut
    return _join_enumerators(line, found)


def _cuts(line: str) -> Iterator[int]:
    """Where sentences end, ascending. A stop in brackets ends one only where the brackets hold whole sentences."""
    brackets = _brackets(line)
    passed, last = 0, 0
    for stop in _STOP.finditer(line):
        while passed < len(brackets) and brackets[passed][1] <= stop.end():
            passed += 1
        opened = brackets[passed][0] if passed < len(brackets) else stop.end()
        inside = opened < stop.start() and line[max(last, opened - _LOOK_BACK) : opened].strip() != ""
        if not inside and _ends(line, stop):
            last = stop.end()
            yield last


def _brackets(line: str) -> list[tuple[int, int]]:
    """(start, end) of the outermost closed brackets of at most _BRACKETED characters, in order."""
    stack: list[int] = []
    found: list[tuple[int, int]] = []
    for match in _BRACKET.finditer(line):
        if match[0] in "([（［":
            stack.append(match.start())
        elif stack and match.end() - stack[-1] <= _BRACKETED:
            start = stack.pop()
            while found and found[-1][0] > start:
                found.pop()
            found.append((start, match.end()))
        else:
            stack.clear()
    return found


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
    if mark in _CHINESE_STOPS:
        return _chinese_ends(line, stop)
    following = _NEXT.match(line, stop.end())
    if following is None:
        return True
    word = following["word"]
    if not _can_begin(word):
        return False
    if mark == "…" or line.startswith("..", stop.start()):
        return _is_starter(word)
    if mark != ".":
        return True
    before = _BEFORE.search(line, max(0, stop.start() - _LOOK_BACK), stop.start())
    if before is None:  # the dots of a table of contents end nothing before its page number
        return not (word[0].isdigit() and line[stop.start() - 1 : stop.start()].isspace())
    return _word_ends(line, before, word)


def _chinese_ends(line: str, stop: re.Match[str]) -> bool:
    """A stop in a quote or a title ends nothing where the sentence around it goes on."""
    closed = stop[0][1:]
    if "》" in closed:
        return False
    return not (_QUOTE_ENDS & set(closed) and _GOES_ON.match(line, stop.end()))


def _can_begin(word: str) -> bool:
    """Whether a sentence may begin with `word`: a capital, a digit, another script, a symbol such as mTOR, p53."""
    first = word[0]
    if first.islower():
        return not first.isascii() or any(c.isupper() or c.isdigit() for c in word[1:6])
    return first.isalnum()


def _is_starter(word: str) -> bool:
    """Whether `word` begins sentences and hardly ever follows an abbreviation."""
    plain = re.sub(r"\W+$", "", word).lower()
    return word[0].isupper() and (plain in _STARTERS or _ADVERB.match(word) is not None)


def _word_ends(line: str, before: re.Match[str], following: str) -> bool:
    """Whether a full stop after the word `before` ends a sentence when `following` comes next."""
    written = before["word"].strip(".")
    word = written.lower()
    starter = _is_starter(following)
    capital = following[0].isupper() or _HAN.match(following) is not None
    if capital and (written in _UNITS or (word in _UNITS and len(word) > 1)) and _after_number(line, before):
        return True
    if len(word) == 1 and word.isalpha():
        return _letter_ends(line, before, starter=starter, capital=capital)
    if word in _MAYBE or _INITIALS.fullmatch(written):
        return starter
    if word in _NUMBERED and not written[0].isupper():
        return not following[0].isdigit() and starter
    return word not in _OPEN or (written.isupper() and "." not in written)


def _after_number(line: str, before: re.Match[str]) -> bool:
    earlier = line[max(0, before.start() - _LOOK_BACK) : before.start()].split()
    return bool(earlier) and _NUMBER.match(earlier[-1]) is not None and not _YEAR.fullmatch(earlier[-1])


def _letter_ends(line: str, before: re.Match[str], *, starter: bool, capital: bool) -> bool:
    """A single letter: an initial ("J. Smith"), a genus ("S. aureus") or the end ("vitamin C. We", "time t. The")."""
    letter = before["word"].strip(".")
    earlier = line[max(0, before.start() - _LOOK_BACK) : before.start()].split()
    if earlier and earlier[-1] + letter in ("i.e", "e.g"):
        return False
    if letter.islower() and letter.isascii():
        return starter or (capital and letter not in _SHORT)
    lettered = bool(earlier) and earlier[-1].lower().strip("(") in _LETTERED
    return starter or lettered


_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_SOFT_HYPHEN = 0xAD


def fts_text(text: str) -> str:
    """What the word index is to hold for `text`: Chinese and Japanese as overlapping pairs of characters in one
    spelling (`assistant.index.chinese`), ligatures as letters, no soft hyphens, all else unchanged."""
    if text.isascii():
        return text
    spelled = one_spelling(text.translate({**_LIGATURES, _SOFT_HYPHEN: None}))
    return UNSPACED.sub(lambda run: f" {' '.join(character_pairs(run[0]))} ", spelled)
