"""`ihmiskauppa read`: the sealed messages on the staff's own machine, opened with their own gpg. Never runs on the server.

Speaks Finnish to the staff. Whatever a message holds, it cannot drive the terminal, a spreadsheet, or the place of a file.
"""

import csv
import io
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import click

from ihmiskauppa import logs, settings
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.definition import DefinitionError
from ihmiskauppa.forms.files import File
from ihmiskauppa.intake import extraction, mailstore, reading
from ihmiskauppa.intake.extraction import ExtractionError, Field
from ihmiskauppa.intake.keys import KeysError
from ihmiskauppa.intake.reading import Inbox, ReadMessage, Refusal, for_terminal
from ihmiskauppa.materials import orders, slips
from ihmiskauppa.materials.slips import Parcel, SlipError

NOT_ALL: Final = 1  # exit status when something could not be read

_REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.FOREIGN: "ei ole salattu viesti (PGP/MIME)",
    Refusal.CLOSED: "ei aukea tällä avaimella, tai on vaurioitunut",
    Refusal.ODD: "ei ole rakennettu kuten tämän sivuston viestit",
    Refusal.INCOMPLETE: "teksti tai vastaukset puuttuvat",
}
_REFERENCE: Final = re.compile(r"[0-9]{8}")
_DIGEST_LETTERS: Final = 12  # enough to tell messages apart that have no reference
_FORMULA: Final = "=+-@\t\r\n＝＋－＠"  # what a spreadsheet takes for the start of a formula, or skips before one (OWASP)
# The same behind a separator: a program set to another one would see a cell begin there, quotes or not.
_HIDDEN_FORMULA: Final = re.compile(r"""([,;\t\r\n][\s"']*)([=+\-@＝＋－＠])""")
_LINE_END: Final = " ↵ "  # keeps a message on one line of the CSV
_CSV_COLUMNS: Final = ("tunnus", "lomake", "kieli", "aihe", "kertoja", "liitteet", "kentat", "muut")


@dataclass
class Taken:
    """One attachment: what it is called, where it was written, what was filled in in it, or why that cannot be read."""

    name: str
    size: int
    path: str = ""
    fields: tuple[Field, ...] = ()
    fault: str = ""

    def as_plain(self) -> dict[str, Any]:
        fields = [{"name": one.name, "kind": one.kind, "values": one.values} for one in self.fields]
        return {"name": self.name, "bytes": self.size, "path": self.path, "fields": fields, "fault": self.fault}


@dataclass
class Desk:
    """Takes messages as they are opened: reads and writes their attachments at once, and keeps none of them in memory.

    `only` are the marks of the orders that slips are made for; none: all. `granted` is what the server says of them, if it was
    asked (see `slips.granted`).
    """

    folder: Path | None
    only: tuple[str, ...] = ()
    granted: Mapping[str, Mapping[str, int]] | None = None
    taken: dict[str, list[Taken]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, message: ReadMessage) -> None:
        known = _REFERENCE.fullmatch(message.reference)
        prefix = message.reference if known else f"viesti-{message.digest[:_DIGEST_LETTERS]}"
        self.taken[message.digest] = [self._attachment(file, prefix, n) for n, file in enumerate(message.attached, 1)]
        message.attached = []

    def _attachment(self, file: File, prefix: str, number: int) -> Taken:
        taken = Taken(file.our_name(number), len(file.content))
        try:
            taken.fields = extraction.extract(file)
        except ExtractionError as fault:
            taken.fault = str(fault)
        if self.folder is not None:
            try:
                taken.path = str(write_file(self.folder, f"{prefix}-{taken.name}", file.content))
            except OSError as fault:
                self.faults.append(f"{prefix}-{taken.name}: tallennus ei onnistunut ({fault.strerror})")
        return taken

    def mails(self, places: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
        """All mails of `places`; what cannot be had is noted."""
        for place in places:
            for found in mailstore.mails(place):
                if isinstance(found, mailstore.UnreadablePlaceError):
                    self.faults.append(f"{found.place}: {found.reason}")
                else:
                    yield found


def write_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a new file that only its owner may read. Never overwrites: the same is left, another gets a number behind it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem, _, ending = name.rpartition(".")
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem}-{number}.{ending}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            if not path.is_symlink() and path.is_file() and path.read_bytes() == content:
                return path
            number += 1
            continue
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except OSError:  # half a file would pass for the whole one
            path.unlink(missing_ok=True)
            raise
        return path


def _plain(inbox: Inbox[str], desk: Desk) -> str:
    """For a terminal. What others wrote is indented: a line that begins at the margin is ours."""
    shown = []
    for message in inbox.messages:
        repeats = f" (saapui {message.copies} kertaa)" if message.copies > 1 else ""
        shown += [f"=== {_one_line(message.subject)}{repeats}", "", _indented(message.text.strip("\n")), ""]
        if message.counted is not None:
            shown += [f"Puuttuu näistä viesteistä: {_one_line(', '.join(inbox.missing(message))) or 'ei mitään'}", ""]
        for taken in desk.taken[message.digest]:
            shown += [*_attachment_lines(taken), ""]
    return for_terminal("\n".join(shown))


def _attachment_lines(taken: Taken) -> Iterator[str]:
    yield f"Liite {taken.name}, {taken.size} tavua" + (f", tallennettu: {taken.path}" if taken.path else "")
    if taken.fault:
        yield f"Täytettyjä kenttiä ei voitu lukea: {taken.fault}."
    filled = [one for one in taken.fields if one.values]
    if filled:
        yield "Täytetyt kentät:"
        yield from (_indented(f"{_one_line(one.name)}: {'; '.join(one.values)}") for one in filled)
    if taken.fields:
        yield f"Tyhjiä kenttiä: {len(taken.fields) - len(filled)}"


def _indented(text: str) -> str:
    """`text` with two blanks before every line; what else ends a line somewhere (U+2028, CR, …) will be made visible."""
    return "\n".join("  " + line for line in text.split("\n"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _json(inbox: Inbox[str], desk: Desk) -> str:
    lines = []
    for message in inbox.messages:
        names = ("reference", "form", "language", "subject", "text", "answers", "copies")
        content = {name: getattr(message, name) for name in names}
        lines.append(reading.json_line(content | {"files": [taken.as_plain() for taken in desk.taken[message.digest]]}))
    return "".join(line + "\n" for line in lines)


def _csv(inbox: Inbox[str], desk: Desk) -> str:
    """A line for each message, a column for each question of all forms; what no form asks stands in `muut`."""
    forms = definition.load(settings.read().forms_folder).values()
    questions = list(dict.fromkeys(question.name for form in forms for question in form.questions))
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
    lines.writerow([*_CSV_COLUMNS, *questions])
    for message in inbox.messages:
        taken = desk.taken[message.digest]
        others = {name: value for name, value in message.answers.items() if name not in questions}
        cells = [
            message.reference,
            message.form,
            message.language,
            message.subject,
            str(message.copies),
            "; ".join(one.path or one.name for one in taken),
            "; ".join(f"{one.name}: {', '.join(one.values)}" for file in taken for one in file.fields if one.values),
            reading.json_line(others) if others else "",
            *(_cell_text(message.answers.get(name, "")) for name in questions),
        ]
        lines.writerow([_cell(text) for text in cells])
    return written.getvalue()


def _parcels(inbox: Inbox[str], desk: Desk) -> list[Parcel]:
    """The orders among the messages, those that were asked for; what is an order and no parcel, or is missing, is noted."""
    found = []
    for message in inbox.messages:
        if message.form != slips.FORM:
            continue
        try:
            found.append(slips.parcel(message.answers, lambda text: for_terminal(_one_line(text))))
        except SlipError:
            desk.faults.append(f"{for_terminal(_one_line(message.subject))}: ei ole kokonainen tilaus")
    if desk.granted is not None:
        there = {orders.digest(parcel.reference) for parcel in found}
        missing = [name[: orders.MARK_LETTERS] for name in desk.granted if name not in there]
        desk.faults += [f"tilaus {mark}: ei ole näissä viesteissä" for mark in missing]
        found = [gets for parcel in found if (gets := slips.as_granted(parcel, desk.granted))]
    return [parcel for parcel in found if not desk.only or parcel.mark in desk.only]


def _labels(inbox: Inbox[str], desk: Desk) -> str:
    return slips.labels(_parcels(inbox, desk))


def _picklist(inbox: Inbox[str], desk: Desk) -> str:
    return slips.pick_list(_parcels(inbox, desk))


def _cell_text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={part}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(_named(one) if isinstance(one, dict) else str(one) for one in value)
    return str(value)


def _named(part: dict[str, Any]) -> str:
    """A file by its name, a line of an order with its number."""
    return str(part.get("name", "")) + (f" × {part['pieces']}" if "pieces" in part else "")


def _cell(text: str) -> str:
    """`text` as a cell that no spreadsheet calculates, without control or direction marks; the exact text is in the JSON."""
    guarded = _HIDDEN_FORMULA.sub(r"\1'\2", text)
    if text[:1] and text[0] in _FORMULA:
        guarded = "'" + guarded
    return for_terminal(guarded.replace("\r\n", "\n").replace("\n", _LINE_END).replace("\t", " "))


_SHOWN: Final = {"json": _json, "csv": _csv, "labels": _labels, "picklist": _picklist, None: _plain}


@click.command("read")
@click.argument("places", metavar="FILE…", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--home", type=click.Path(path_type=Path, exists=True, file_okay=False), help="GnuPG home; else your own.")
@click.option("--files", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write attachments there.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="One line a message, a column for each question.")
@click.option("--labels", "form", flag_value="labels", help="Address labels of the orders, as HTML to print.")
@click.option("--picklist", "form", flag_value="picklist", help="What to pack for the orders, as HTML to print.")
@click.option("--only", multiple=True, metavar="MARK", help="Labels and pick lists of these orders alone.")
@click.option(
    "--orders",
    "told",
    type=click.File(encoding="utf-8"),
    help="What `ihmiskauppa orders list --json` said on the server: slips of these orders alone, with what is granted.",
)
def read(
    places: tuple[Path, ...],
    home: Path | None,
    folder: Path | None,
    form: str | None,
    only: tuple[str, ...],
    told: TextIO | None,
) -> None:
    """Open sealed messages on the staff's machine: mail files, mbox, Maildir or folders of mail files.

    Repeats are shown once. Exit status 1: a mail could not be read or a file not written; it is named, the others are shown.
    """
    logs.harden_process()
    logging.getLogger("gnupg").setLevel(logging.CRITICAL)  # what cannot be opened is told below, with its place
    desk = Desk(folder, only, _granted(told))
    own = home or Path(os.environ.get("GNUPGHOME") or "~/.gnupg").expanduser()
    try:
        with reading.staff_gpg(own, _environment()) as gpg:
            inbox = reading.fold(desk.mails(places), gpg, desk.take)
        shown = _SHOWN[form](inbox, desk)
    except (KeysError, DefinitionError) as fault:
        raise click.ClickException(str(fault)) from None
    sys.stdout.buffer.write(shown.encode())
    sys.stdout.flush()
    faults = [*desk.faults, *(f"{place}: {_REFUSALS[refusal]}" for place, refusal in inbox.foreign.items())]
    for line in faults:
        click.echo(for_terminal(_one_line(f"Ei voitu lukea: {line}.")), err=True)
    if not inbox.messages:
        click.echo("Ei yhtään viestiä.", err=True)
    if faults:
        sys.exit(NOT_ALL)


def _granted(told: TextIO | None) -> Mapping[str, Mapping[str, int]] | None:
    try:
        return None if told is None else slips.granted(told.read())
    except (SlipError, UnicodeDecodeError):
        raise click.BadParameter("these are not lines of `ihmiskauppa orders list --json`.", param_hint="--orders") from None


def _environment() -> dict[str, str]:
    """What gpg needs to ask for the passphrase where the reader sits."""
    values = dict(os.environ)
    if "GPG_TTY" not in values and sys.stdin is not None and sys.stdin.isatty():
        values["GPG_TTY"] = os.ttyname(sys.stdin.fileno())
    return values
