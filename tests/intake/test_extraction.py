"""What was filled in in documents: read in every script; and documents made to do harm, which end as a reason, soon."""

import io
import itertools
import json
import os
import threading
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import pikepdf
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from ihmiskauppa.forms.files import File
from ihmiskauppa.intake import extraction, filled
from ihmiskauppa.intake.extraction import REASONS, ExtractionError, Field, extract

ARABIC, THAI, EMOJI = "ساعدوني من فضلكم", "ช่วยด้วย", "🆘👩🏽‍🍳"
RESULT_SECONDS = 8  # an ordinary document takes half a second on a busy machine


def fields_pdf(*fields: Dictionary, **root: Any) -> Pdf:
    """A PDF with these form fields."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field) for field in fields]), **root)
    return pdf


def saved(pdf: Pdf, **how: Any) -> File:
    written = io.BytesIO()
    pdf.save(written, **how)
    return File("x.pdf", written.getvalue())


def text(name: str, value: str) -> Dictionary:
    return Dictionary(FT=Name.Tx, T=String(name), V=String(value))


def word(*controls: str) -> File:
    """A Word file with these content controls, each in a paragraph."""
    document = docx.Document()
    for control in controls:
        inside = control.replace("<w:sdt>", "<w:sdt %s>", 1) % nsdecls("w", "w14")
        document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{inside}</w:p>"))
    written = io.BytesIO()
    document.save(written)
    return File("x.docx", written.getvalue())


def control(tag: str, content: str, more: str = "") -> str:
    return f'<w:sdt><w:sdtPr><w:tag w:val="{tag}"/>{more}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'


def run(content: str) -> str:
    return f"<w:r>{content}</w:r>"


def packed(parts: dict[str, bytes]) -> File:
    """A zip file that calls itself Word's."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", RELATIONS)
        for name, content in parts.items():
            archive.writestr(name, content)
    return File("x.docx", written.getvalue())


RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">%s</w:document>'


def refused(file: File, *reasons: str) -> None:
    """The file ends as one of these reasons, within the time that is given."""
    start = time.monotonic()
    with pytest.raises(ExtractionError) as caught:
        extract(file)
    assert str(caught.value) in {REASONS[reason] for reason in reasons}
    assert time.monotonic() - start < extraction.SECONDS + 2


def test_a_radio_button_says_the_answer_it_stands_for() -> None:
    """Its state is a number among the options of its field; one that has no such number makes the document a damaged one."""

    def chosen(state: Name) -> File:
        options = Array([String("yes"), String("ei — لا")])
        return saved(fields_pdf(Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("who"), V=state, Opt=options)))

    assert extract(chosen(Name("/1"))) == (Field("who", "check", ("ei — لا",)),)
    assert extract(chosen(Name.Off)) == (Field("who", "check", ()),)
    refused(chosen(Name("/2")), "damaged")


def test_a_pdf_says_what_was_filled_in() -> None:
    """Text in every script and over lines, check boxes, radio buttons, one choice and several; what was left empty is so."""
    kids = Array([Dictionary(Subtype=Name.Widget), Dictionary(Subtype=Name.Widget)])
    pdf = fields_pdf(
        text("story", f"{ARABIC}\r{THAI} {EMOJI}"),
        text("latin", "Äiti: ”apua” €"),
        Dictionary(FT=Name.Btn, T=String("consent"), V=Name.Yes),
        Dictionary(FT=Name.Btn, T=String("no"), V=Name.Off),
        Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("who"), V=Name.police, Kids=kids),
        Dictionary(FT=Name.Btn, Ff=1 << 16, T=String("print")),
        Dictionary(FT=Name.Ch, T=String("language"), V=String("ไทย")),
        Dictionary(FT=Name.Ch, T=String("needs"), V=Array([String("home"), String("doctor")])),
        Dictionary(FT=Name.Tx, T=String("empty")),
        Dictionary(FT=Name.Sig, T=String("signature")),
    )
    assert extract(saved(pdf)) == (
        Field("story", "text", (f"{ARABIC}\n{THAI} {EMOJI}",)),
        Field("latin", "text", ("Äiti: ”apua” €",)),
        Field("consent", "check", ("Yes",)),
        Field("no", "check", ()),
        Field("who", "check", ("police",)),
        Field("language", "choice", ("ไทย",)),
        Field("needs", "choice", ("home", "doctor")),
        Field("empty", "text", ()),
    )


def test_fields_within_fields_have_their_whole_name() -> None:
    """A field under another inherits kind and value, and is called by both names."""
    inner = Array([Dictionary(T=String("first")), Dictionary(T=String("last"), V=String("b"))])
    found = extract(saved(fields_pdf(Dictionary(FT=Name.Tx, T=String("name"), V=String("a"), Kids=inner))))
    assert found == (Field("name.first", "text", ("a",)), Field("name.last", "text", ("b",)))


def test_a_word_file_says_what_was_filled_in() -> None:
    """Text with lines, a tick, a choice by its value, an untouched control; deleted text is not read."""
    box = '<w14:checkbox><w14:checked w14:val="%s"/></w14:checkbox>'
    choice = '<w:dropDownList><w:listItem w:displayText="Poliisi" w:value="police"/></w:dropDownList>'
    file = word(
        control("untouched", run("<w:t>Kirjoita tähän</w:t>"), "<w:showingPlcHdr/>"),
        control("who", run("<w:t>Poliisi</w:t>"), choice),
        control("no", run("<w:t>☐</w:t>"), box % "0"),
        control("consent", run("<w:t>☒</w:t>"), box % "1"),
        control(
            "story", run(f"<w:t>{ARABIC}</w:t><w:br/><w:t>{THAI}</w:t><w:delText>ei</w:delText><w:tab/><w:t>{EMOJI}</w:t>")
        ),
    )
    assert extract(file) == (
        Field("story", "text", (f"{ARABIC}\n{THAI}\t{EMOJI}",)),
        Field("consent", "check", ("1",)),
        Field("no", "check", ()),
        Field("who", "choice", ("police",)),
        Field("untouched", "text", ()),
    )


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0", b"GIF89a", bytes(range(256))])
def test_other_files_have_no_fields(content: bytes) -> None:
    """What is neither PDF nor zip file is not opened at all."""
    assert extract(File("x.pdf", content), program=Path("/none")) == ()


def test_documents_without_fields_have_none() -> None:
    """A PDF without a form, an ordinary zip file and a plain Word file are no faults."""
    plain = pikepdf.new()
    plain.add_blank_page()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8\xff")
    assert extract(saved(plain)) == extract(File("x.zip", written.getvalue())) == extract(word()) == ()


def scripts() -> Sequence[Pdf]:
    """PDFs with a JavaScript action: when opened, in the name tree, at a field, deep inside an array."""

    def action() -> Dictionary:
        return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))

    at_field = Dictionary(FT=Name.Tx, T=String("a"), AA=Dictionary(K=action()))
    deep = fields_pdf(text("a", "b"))
    deep.Root.Extra = Array([Array([Dictionary(X=Array([action()]))])])
    opened, named = fields_pdf(text("a", "b")), fields_pdf(text("a", "b"))
    opened.Root.OpenAction = opened.make_indirect(action())
    named.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), action()])))
    return (opened, named, fields_pdf(at_field), deep)


def test_a_form_with_a_program_is_named() -> None:
    """JavaScript, wherever it hangs, is a reason; the word in somebody's text is not."""
    for pdf in scripts():
        refused(saved(pdf), "script")
    assert extract(saved(fields_pdf(text("/JavaScript", "/JS (x)")))) == (Field("/JavaScript", "text", ("/JS (x)",)),)


def test_other_forms_than_ours_are_named() -> None:
    """A password, XFA, and Word's old or encrypted container each have their reason."""
    closed = pikepdf.Encryption(owner="secret", user="secret")
    refused(saved(fields_pdf(text("a", "b")), encryption=closed), "encrypted")
    refused(saved(fields_pdf(text("a", "b"), XFA=String("<xdp/>"))), "xfa")
    refused(File("x.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)), "old")


def test_garbage_is_damaged() -> None:
    """Half a PDF, half a Word file, broken XML, and a field whose value is a number."""
    whole = saved(fields_pdf(text("a", "b"))).content
    assert extract(File("x", whole)) != ()
    refused(File("x", b"%PDF-1.7\n" + bytes(range(256)) * 40), "damaged")
    refused(File("x", word().content[:2000]), "damaged")
    refused(packed({"word/document.xml": b"<w:document"}), "damaged")
    refused(packed({}), "damaged")
    refused(saved(fields_pdf(Dictionary(FT=Name.Tx, T=String("a"), V=5))), "damaged")


def test_circles_in_the_field_tree_end() -> None:
    """A field that is its own child, two that are each other's, and a page tree that goes round."""
    pdf = fields_pdf(text("a", "b"), text("c", "d"))
    one, two = pdf.Root.AcroForm.Fields[0], pdf.Root.AcroForm.Fields[1]
    one.Kids, two.Kids = Array([one, two]), Array([one])
    pdf.Root.Pages.Kids = Array([pdf.Root.Pages])
    written = io.BytesIO()
    pdf.save(written)
    assert len(extract(File("x", written.getvalue()))) <= 2


def test_a_tree_too_deep_is_too_much() -> None:
    """Fields within fields, hundreds deep, end as a reason; so do arrays nested without end, and deep XML."""
    pdf = pikepdf.new()
    node: Object = pdf.make_indirect(text("x", "y"))
    for _ in range(400):
        node = pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("n"), Kids=Array([node])))
    pdf.Root.AcroForm = Dictionary(Fields=Array([node]))
    refused(saved(pdf), "too_much")
    nested = b"[" * 200_000 + b"]" * 200_000
    refused(
        File("x", b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/AcroForm " + nested + b">>\nendobj\n"), "damaged", "crashed", "too_much"
    )
    deep = b"<w:sdt>" * 100_000
    refused(packed({"word/document.xml": (BODY % "%s").encode() % deep}), "damaged")


def test_too_many_fields_are_too_much() -> None:
    """Ten thousand fields are not shown to anybody."""
    refused(saved(fields_pdf(*(text(str(n), "x") for n in range(10_000)))), "too_much")


def test_zip_bombs_are_too_much() -> None:
    """A part that unpacks to a gigabyte, and an archive of many thousand parts."""
    start = time.monotonic()
    bomb = packed({"word/document.xml": b"<a>" + bytes(300_000_000)})
    assert len(bomb.content) < 1_000_000
    refused(bomb, "too_much")
    refused(packed({"word/document.xml": b"<a/>"} | {f"word/{n}": b"" for n in range(6000)}), "too_much")
    assert time.monotonic() - start < 60


def test_a_size_that_lies_is_not_believed() -> None:
    """A part that says it has ten bytes and unpacks to very many ends as a reason."""
    content = bytearray(packed({"word/document.xml": bytes(64_000_000)}).content)
    told = (64_000_000).to_bytes(4, "little")
    for place in [n for n in range(len(content) - 4) if content[n : n + 4] == told]:
        content[place : place + 4] = (10).to_bytes(4, "little")
    refused(File("x", bytes(content)), "damaged", "too_much")


@pytest.mark.parametrize("where", ["<w:t>&j;</w:t>", '<w:t x="&j;"/>', "<w:t/>"])
def test_entities_are_refused(where: str) -> None:
    """An XML file that defines entities, bomb or file, is no Word file."""
    names = "abcdefghij"
    chain = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise(names))
    for more in (chain, '<!ENTITY b SYSTEM "file:///etc/passwd">', ""):
        document = f'<!DOCTYPE x [<!ENTITY a "boom">{more}]>' + BODY % where.replace("&j;", "&j;" if more is chain else "&a;")
        refused(packed({"word/document.xml": document.encode()}), "damaged", "too_much", "crashed")


def test_a_memory_hungry_pdf_ends() -> None:
    """A value that unpacks to some gigabytes ends at the bound on memory, and takes none of ours."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    once = zlib.compress(bytes(1_000_000_000), 1)
    stream = pdf.make_stream(zlib.compress(once), {"/Filter": Array([Name.FlateDecode, Name.FlateDecode])})
    pdf.Root.AcroForm = Dictionary(Fields=Array([Dictionary(FT=Name.Tx, T=String("a"), V=stream)]))
    file = saved(pdf, compress_streams=False)
    assert len(file.content) < 1_000_000
    refused(file, "too_much", "damaged", "crashed")


def program(tmp_path: Path, source: str) -> Path:
    """A program in the place of ours; it may use `filled`."""
    path = tmp_path / "program.py"
    path.write_text(f"import sys\nsys.path.insert(0, {str(Path(filled.__file__).parent)!r})\n{source}\n", encoding="utf-8")
    return path


def children() -> set[int]:
    """The processes that this one has started and not yet waited for; other tests' browser and servers are among them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended while we looked
        parent = stat.rpartition(")")[2].split()[1]  # proc(5): after the name, state and parent
        if int(parent) == os.getpid():
            found.add(int(path.parent.name))
    return found


PDF = File("x.pdf", b"%PDF-")


@pytest.mark.parametrize("source", ["while True: pass", "import time\ntime.sleep(60)", "sys.stdout.close()\nwhile True: pass"])
def test_a_program_without_end_is_stopped(source: str, tmp_path: Path) -> None:
    """One that computes, one that sleeps, and one that has closed its answer are killed in time, each with what it started."""
    before, start = children(), time.monotonic()
    with pytest.raises(ExtractionError, match=REASONS["slow"]):
        extract(PDF, program(tmp_path, source), seconds=2)
    assert time.monotonic() - start < RESULT_SECONDS
    assert children() <= before


def test_the_processor_is_bounded(tmp_path: Path) -> None:
    """What computes for longer than ten seconds is stopped by the kernel although nobody waits for it."""
    start = time.monotonic()
    with pytest.raises(ExtractionError, match=REASONS["slow"]):
        extract(PDF, program(tmp_path, "while True: pass"), seconds=120)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("sys.stdout.write('x' * 2_000_000)", "too_much"),
        ("while True: sys.stdout.write('x' * 1000)", "too_much"),
        ("x = bytearray(1 << 30)\nprint('{\"fields\": []}')", "crashed"),
        ("import os\nos.abort()", "crashed"),
        ("import os\nos._exit(3)", "crashed"),
        ("", "crashed"),
        ("print('no json')", "crashed"),
        ("print('[' * 100_000)", "crashed"),
        ("print('{}')", "crashed"),
        ("print('[]')", "crashed"),
        ('print(\'{"fault": "anything"}\')', "crashed"),
        ("print('{\"fault\": []}')", "crashed"),
        ('print(\'{"fields": [{"name": 1, "kind": "text", "values": []}]}\')', "crashed"),
        ('print(\'{"fields": [{"name": "a", "kind": "text", "values": [null]}]}\')', "crashed"),
        ('x = sys.stdin.buffer.read(3)\nprint(\'{"fault": "xfa"}\')', "xfa"),
    ],
)
def test_whatever_the_program_does_is_a_reason(source: str, reason: str, tmp_path: Path) -> None:
    """Answers too long, crashes and nonsense end as a reason; an input that nobody reads holds nothing up."""
    with pytest.raises(ExtractionError, match=REASONS[reason].partition("(")[0]):
        extract(File("x", b"%PDF-" + bytes(3_000_000)), program(tmp_path, source))


def told(tmp_path: Path, source: str) -> list[str]:
    """What a program, once confined as ours is, tells in `said`."""
    head = "import json, os, socket, subprocess, ctypes\nsaid = []\n"
    tail = "\nprint(json.dumps({'fields': [{'name': 'x', 'kind': 'text', 'values': said}]}))"
    (found,) = extract(PDF, program(tmp_path, head + source + tail))
    return list(found.values)


SURROUNDINGS = """
said += [*sorted(os.environ), str(os.listdir(os.environ['HOME'])), str(os.getcwd() == os.environ['HOME'])]
try: os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'x')
except OSError as fault: said.append(type(fault).__name__ + str(fault.errno))
said += [str(len(os.listdir('/proc/self/fd')))]
"""


def test_the_program_knows_nothing_of_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ours, neither the GnuPG home nor a proxy; a home that is empty; no memory image, no file to write."""
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    names = [name for name in told(tmp_path, SURROUNDINGS) if name != "LC_CTYPE"]
    assert names == ["HOME", "[]", "True", "OSError27", "5"]  # 27: EFBIG; 5: three, and those opened here


ATTEMPTS = """
import filled
family = os.fork
inherited = open(sys.argv[0], 'rb')
filled.confine()
def attempt(what):
    try: what(); said.append('done')
    except OSError as fault: said.append(str(fault.errno))
attempt(lambda: open('/etc/passwd'))
attempt(lambda: socket.socket())
attempt(lambda: os.fork())
attempt(lambda: os.execv(sys.executable, ['python']))
attempt(lambda: os.kill(os.getppid(), 0))
attempt(lambda: os.stat('/etc'))
attempt(lambda: os.unlink(sys.argv[0]))
libc = ctypes.CDLL(None, use_errno=True)
"""


def test_the_program_can_reach_neither_files_nor_the_network(tmp_path: Path) -> None:
    """Once confined, it opens no file and no socket, starts nothing, signals nobody, looks at no path: EPERM, even for root."""
    assert told(tmp_path, ATTEMPTS) == ["1"] * 7


def test_without_the_filter_nothing_can_be_opened_either(tmp_path: Path) -> None:
    """On a machine whose calls are not known, the bound on descriptors alone keeps files and sockets closed: EMFILE."""
    source = ATTEMPTS.replace("filled.confine()", "filled._CALLS.clear()\nfilled.confine()").partition(
        "attempt(lambda: os.fork"
    )[0]
    assert told(tmp_path, source) == ["24", "24"]


def test_a_document_is_read_while_others_wait() -> None:
    """Several at once, from threads, each give their own fields."""
    answers: dict[int, tuple[Field, ...]] = {}

    def one(number: int) -> None:
        answers[number] = extract(saved(fields_pdf(text("a", str(number)))))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: (Field("a", "text", (str(number),)),) for number in range(3)}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_document_is_fields_or_a_reason(data: st.DataObject) -> None:
    """A PDF and a Word file with bytes changed anywhere: the reader's own functions end in fields or in its error."""
    kind = data.draw(st.sampled_from(["pdf", "word"]))
    content = bytearray(_WHOLE[kind])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)):
        content[place] = value
    try:
        found = filled.of_pdf(bytes(content)) if kind == "pdf" else filled.of_word(bytes(content))
    except filled.UnreadableError:
        return
    json.dumps(found)


_WHOLE = {
    "pdf": saved(fields_pdf(text("story", ARABIC), Dictionary(FT=Name.Ch, T=String("c"), V=Array([String("x")])))).content,
    "word": packed({"word/document.xml": (BODY % control("story", run("<w:t>abc</w:t>"))).encode()}).content,
}
