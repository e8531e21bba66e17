"""Mails as the staff's mail programs keep them: a file with one mail, an mbox, a Maildir, a folder. Only ever read."""

import mailbox
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAIL_BYTES: Final = 128 * 1024 * 1024  # of one mail: ours have at most some 30 MB
_MBOX_MARK: Final = b"From "
_MAILDIR: Final = ("new", "cur")


class UnreadablePlaceError(Exception):
    """A place where no mail can be had: `place`, and the reason in Finnish."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place, self.reason = place, reason


def mails(place: Path) -> Iterator[tuple[str, bytes] | UnreadablePlaceError]:
    """Every mail of `place` with where it lies, one after the other; what cannot be had comes as an error, not raised."""
    try:
        files = _files(place) if place.is_dir() else [place]
    except OSError as fault:
        yield UnreadablePlaceError(str(place), fault.strerror or "")
        return
    for file in files:
        try:
            yield from _of_file(file)
        except UnreadablePlaceError as fault:
            yield fault
        except OSError as fault:
            yield UnreadablePlaceError(str(file), _reason(fault))


def _reason(fault: OSError) -> str:
    if isinstance(fault, FileNotFoundError):
        return "tiedostoa ei ole"
    if isinstance(fault, PermissionError):
        return "lukuoikeus puuttuu"
    return "levyltä lukeminen ei onnistu"


def _files(folder: Path) -> list[Path]:
    """The mails of a Maildir, or the files of any other folder, oldest first."""
    boxes = [folder / name for name in _MAILDIR if (folder / name).is_dir()] or [folder]
    files = [file for box in boxes for file in box.iterdir() if not file.name.startswith(".") and file.is_file()]
    return sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))


def _of_file(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as opened:
        start = opened.read(len(_MBOX_MARK))
        if start != _MBOX_MARK:
            content = start + opened.read(MAIL_BYTES - len(start) + 1)
            if len(content) > MAIL_BYTES:
                raise UnreadablePlaceError(str(file), "liian suuri viestiksi")
            yield str(file), content
            return
    box = mailbox.mbox(file, create=False)
    try:
        for number, key in enumerate(box.keys(), 1):
            yield f"{file}, viesti {number}", box.get_bytes(key)
    finally:
        box.close()
