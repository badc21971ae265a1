"""Plain text: paragraphs parted by empty lines, wrapped lines joined; headings only where they are plain to see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from assistant.index.formats.encoding import decode
from assistant.index.formats.parts import Front, Part
from assistant.types import Role

_LONG = 200
"""Characters from which a line is a paragraph and not a piece of one."""
_HEADING, _TITLE = 80, 200
"""Characters of a heading and of a title, at most."""
_EMPTY = re.compile(r"\n\s*\n")
_RULE = re.compile(r"\s*([=\-~*_#])\1{2,}\s*")
_BULLET = re.compile(r"\s*(?:[•▪◦‣∙●○■□–—*-]|\(?\d{1,3}[.)]|\[\d{1,3}\]|\(?[a-z][.)])\s+\S")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[A-Z\u4e00-\u9fff]")
_KNOWN = re.compile(
    r"(?:abstract|introduction|background|(?:materials? and )?methods?(?: and materials?)?|results?(?: and discussion)?"
    r"|discussion|conclusions?|limitations|acknowledge?ments?|references|bibliography|literature cited|appendix.{0,20}"
    r"|摘要|引言|方法|结果|讨论|结论|参考文献|致谢)[:.]?",
    re.IGNORECASE,
)
_UNWRAP = re.compile(r"([^\W\d_]+)-\n\s*([a-zà-ÿ]+)")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def read_plain(data: bytes) -> tuple[list[Part], Front]:
    """The parts of a text file. Raises ReadError for bytes that are no text."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").expandtabs(4)
    words = Counter(word.lower() for word in _WORDS.findall(text))
    blocks = [block for block in _EMPTY.split(text.strip("\n")) if block.strip()]
    parts: list[Part] = []
    for number, block in enumerate(blocks):
        alone = number + 1 < len(blocks)
        parts += _block(block, words, first=number == 0, alone=alone)
    return parts, Front()


def _block(block: str, words: Counter[str], *, first: bool, alone: bool) -> Iterator[Part]:
    """The parts of what stands between two empty lines; `alone`: something follows that a heading could head."""
    lines = [line.rstrip() for line in block.split("\n")]
    if heading := _underlined(lines):
        yield heading if not first else Part(Role.TITLE, heading.text)
        lines = lines[2:]
        first = False
    whole = [line for line in lines if line.strip() and not _RULE.fullmatch(line)]
    if not whole:
        return
    if len(whole) == 1 and alone and (found := _heading(whole[0].strip())) and not (first and not found.level):
        yield found
    elif first and sum(map(len, whole)) <= _TITLE and not whole[-1].endswith("."):
        yield Part(Role.TITLE, _joined(whole, words))
    else:
        yield from (_paragraph(lines, words) for lines in _paragraphs(whole))


def _underlined(lines: list[str]) -> Part | None:
    """A line with a line of "===" or "---" below it."""
    if len(lines) < 2 or not lines[0].strip() or len(lines[0]) > _TITLE:
        return None
    rule = _RULE.fullmatch(lines[1])
    return Part(Role.HEADING, lines[0].strip(), level=1 if rule[1] == "=" else 2) if rule else None


def _heading(line: str) -> Part | None:
    if len(line) > _HEADING or (line[-1] in ".,;!?。，；" and not _KNOWN.fullmatch(line)):
        return None
    if numbered := _NUMBERED.match(line):
        return Part(Role.HEADING, line, level=1 + numbered[1].count("."))
    capitals = line.isupper() and sum(c.isalpha() for c in line) > 3
    return Part(Role.HEADING, line, level=1) if capitals or _KNOWN.fullmatch(line) else None


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    """Cut where a line is a paragraph of its own, and where an item of a list begins."""
    group: list[str] = []
    for line in lines:
        if group and (_BULLET.match(line) or len(group[-1]) > _LONG or _indented(line, group)):
            yield group
            group = []
        group.append(line)
    yield group


def _indented(line: str, group: list[str]) -> bool:
    """Whether a line begins a paragraph by its indent, where the one before ends a sentence and is not indented."""
    moved = len(line) - len(line.lstrip())
    before = len(group[-1]) - len(group[-1].lstrip())
    return moved >= before + 2 and group[-1][-1] in ".!?:。" and not _BULLET.match(group[0])


def _paragraph(lines: list[str], words: Counter[str]) -> Part:
    role = Role.LIST if _BULLET.match(lines[0]) else Role.BODY
    return Part(role, _joined(lines, words))


def _joined(lines: list[str], words: Counter[str]) -> str:
    """The lines as one; a hyphen at a line's end goes unless the file writes the word with it more often."""

    def join(found: re.Match[str]) -> str:
        left, right = found[1], found[2]
        keep = words[f"{left}-{right}".lower()] > words[f"{left}{right}".lower()]
        return f"{left}-{right}" if keep else f"{left}{right}"

    text = _UNWRAP.sub(join, "\n".join(lines))
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n\s*(?=[\u3000-\u9fff\uff00-\uffef])", "", text).replace(
        "\n", " "
    )
