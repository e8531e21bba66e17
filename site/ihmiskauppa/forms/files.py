"""Files that come with a form: kept as they are, named by us, their kind told by their first bytes, never opened or parsed."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

NAME_LENGTH: Final = 80  # characters of the visitor's own name for a file that are shown to the staff
MEGABYTE: Final = 1_000_000  # bytes, as phones show sizes

# What the first bytes say: offset, bytes, file ending, media type (RFC 6838). Published signatures; containers come as what
# they are on the outside, but for Word files, since the forms to fill in are such.
_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (0, b"GIF8", "gif", "image/gif"),
    (8, b"WEBP", "webp", "image/webp"),
    (4, b"ftypheic", "heic", "image/heic"),
    (4, b"ftypmif1", "heic", "image/heic"),
    (4, b"ftypavif", "avif", "image/avif"),
    (4, b"ftypM4A", "m4a", "audio/mp4"),
    (4, b"ftypqt", "mov", "video/quicktime"),
    (4, b"ftyp", "mp4", "video/mp4"),
    (0, b"%PDF-", "pdf", "application/pdf"),
    (0, b"PK\x03\x04", "zip", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc", "application/x-ole-storage"),
    (0, b"OggS", "ogg", "audio/ogg"),
    (0, b"ID3", "mp3", "audio/mpeg"),
    (0, b"\xff\xfb", "mp3", "audio/mpeg"),
    (8, b"WAVE", "wav", "audio/wav"),
    (0, b"#!AMR", "amr", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "webm", "video/webm"),
)
_ZIP: Final = "zip"
# A ZIP archive says the names of what is in it, in the open. One with macros gets this name too: Word will not open it then.
_WORD_PART: Final = b"word/document.xml"
_WORD: Final = ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
UNKNOWN: Final = ("bin", "application/octet-stream")

_UNSAFE = re.compile(r"[\\/:*?\"<>|]+")


@dataclass(frozen=True)
class File:
    """A file as it arrived. `given_name` is what the visitor's device called it: told to the staff, used for nothing."""

    given_name: str
    content: bytes

    @property
    def shown_name(self) -> str:
        """The given name without path, controls or direction marks, shortened: safe to read, not to open by."""
        last = re.split(r"[\\/]", self.given_name)[-1]
        kept = "".join(c for c in last if unicodedata.category(c)[0] != "C")
        return _UNSAFE.sub("_", kept).strip(" .")[:NAME_LENGTH] or "?"

    @cached_property
    def signature(self) -> tuple[str, str]:
        """File ending and media type by the first bytes, of an archive also by a name in it; nothing is unpacked."""
        for offset, mark, ending, media_type in _SIGNATURES:
            if self.content[offset : offset + len(mark)] == mark:
                return _WORD if ending == _ZIP and _WORD_PART in self.content else (ending, media_type)
        return UNKNOWN

    @cached_property
    def digest(self) -> str:
        """SHA-256, hexadecimal: shows the staff that the file is as it was sent."""
        return hashlib.sha256(self.content).hexdigest()

    def our_name(self, number: int) -> str:
        """The name it travels under, which holds nothing of the visitor's."""
        return f"liite-{number}.{self.signature[0]}"


@dataclass(frozen=True)
class FileLimits:
    """How much may come with one form: how many files, bytes of each, bytes together."""

    most: int
    each: int
    together: int

    def numbers(self) -> dict[str, str | int]:
        """For the texts that tell a visitor: counts and whole megabytes."""
        return {"most": self.most, "each": self.each // MEGABYTE, "together": self.together // MEGABYTE}

    def exceeded(self, sizes: list[int]) -> bool:
        return len(sizes) > self.most or any(size > self.each for size in sizes) or sum(sizes) > self.together
