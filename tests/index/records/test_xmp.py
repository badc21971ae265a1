from __future__ import annotations

import time
from pathlib import Path

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf.generic import NameObject, StreamObject

from assistant.index.records import xmp
from assistant.index.records.record import Record
from assistant.index.records.xmp import parse_packet, read_xmp
from assistant.index.sandbox import read_paper
from tests.index.reading import write

PACKET = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" prism:publicationName="Annals of Plants">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">On &lt;i&gt;growth&lt;/i&gt; &amp;amp; form</rdf:li></rdf:Alt>
</dc:title>
<dc:creator><rdf:Seq><rdf:li>Author, Ann</rdf:li><rdf:li>Bo M&amp;#xfc;ller</rdf:li></rdf:Seq></dc:creator>
<dc:identifier>doi:10.5555/Plants.1</dc:identifier><prism:coverDate>2019-03-01</prism:coverDate>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
SAID = Record("On growth & form", ("Author, Ann", "Bo Müller"), 2019, "10.5555/plants.1", venue="Annals of Plants")


def test_a_packet_says_title_authors_doi_journal_and_year() -> None:
    assert parse_packet(PACKET.encode()) == SAID


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no XML",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<a>" * 100_000,
        b"<!DOCTYPE a [<!ENTITY b 'cccc'>]><a>&b;</a>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<a xmlns:x='y'>" + b"\xff\xfe" + b"</a>",
    ],
    ids=["empty", "text", "deep", "entities", "encoding", "bytes"],
)
def test_a_hostile_packet_says_nothing(packet: bytes) -> None:
    assert parse_packet(packet) == Record()


@given(st.binary(max_size=300), st.integers(0, len(PACKET)))
def test_damage_never_raises(junk: bytes, at: int) -> None:
    parse_packet(PACKET.encode()[:at] + junk + PACKET.encode()[at:])


def with_packet(folder: Path, packet: bytes) -> Path:
    writer = pypdf.PdfWriter(clone_from=write(folder, ["A page of words about plants. " * 10]))
    stream = StreamObject()
    stream.set_data(packet)
    writer.root_object[NameObject("/Metadata")] = writer._add_object(stream)
    path = folder / "with.pdf"
    writer.write(path)
    return path


def test_the_packet_is_found_in_the_file_and_reaches_the_document(tmp_path: Path) -> None:
    path = with_packet(tmp_path, PACKET.encode())
    assert read_xmp(path) == SAID
    document = read_paper(path)
    assert (document.year, document.doi, document.venue) == (2019, "10.5555/plants.1", "Annals of Plants")
    assert document.authors == ("Ann Author", "Bo Müller")


def test_a_file_that_is_none_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.4 garbage")
    assert read_xmp(path) == Record()
    assert read_xmp(tmp_path / "missing.pdf") == Record()


def test_a_packet_that_takes_too_long_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spin(_: Path) -> bytes:
        end = time.process_time() + 30
        while time.process_time() < end:
            pass
        return b""

    monkeypatch.setattr(xmp, "_packet", spin)
    monkeypatch.setattr(xmp, "MAX_SECONDS", 0.05)
    began = time.process_time()
    assert read_xmp(tmp_path) == Record()
    assert time.process_time() - began < 5
