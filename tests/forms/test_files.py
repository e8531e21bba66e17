"""Files: kind by first bytes, names made safe, nothing parsed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.forms.files import File, FileLimits

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "liite-1.jpg", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "liite-1.png", "image/png"),
        (b"RIFF....WEBPVP8 ", "liite-1.webp", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "liite-1.heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypisom", "liite-1.mp4", "video/mp4"),
        (b"%PDF-1.7", "liite-1.pdf", "application/pdf"),
        (b"PK\x03\x04docx", "liite-1.zip", "application/zip"),
        (b"PK\x03\x04...word/document.xml...", "liite-1.docx", WORD),
        (b"PK\x03\x04...word/document.xml...word/vbaProject.bin", "liite-1.docx", WORD),
        (b"%PDF-1.7 PK\x03\x04 word/document.xml", "liite-1.pdf", "application/pdf"),
        (b"MZ\x90\x00", "liite-1.bin", "application/octet-stream"),
        (b"", "liite-1.bin", "application/octet-stream"),
    ],
)
def test_the_first_bytes_tell_the_kind(content: bytes, name: str, media_type: str) -> None:
    """The visitor's name for it, whatever it claims, changes nothing: a polyglot is what its first bytes are."""
    file = File("picture.png.exe", content)
    assert file.our_name(1) == name
    assert file.signature[1] == media_type


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\kuva.jpg", "kuva.jpg"),
        ("صورة.jpg", "صورة.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\r\nBcc: x@y", "aBcc_ x@y"),
        ("<b>?.png", "_b_.png"),
        (".", "?"),
        ("", "?"),
    ],
)
def test_a_given_name_is_made_safe_to_read(given_name: str, shown: str) -> None:
    """No path, no control or direction mark, no character a file system minds."""
    assert File(given_name, b"x").shown_name == shown


@given(st.text(), st.binary(max_size=64))
def test_any_file_gets_safe_names(given_name: str, content: bytes) -> None:
    """For arbitrary names and bytes: our name is ours alone, the shown one is one short line."""
    file = File(given_name, content)
    assert file.our_name(3).startswith("liite-3.")
    assert file.our_name(3).isascii()
    assert 0 < len(file.shown_name) <= 80
    assert file.shown_name.isprintable() or "\xa0" in file.shown_name or file.shown_name.strip()
    assert "/" not in file.shown_name
    assert file.digest == hashlib.sha256(content).hexdigest()


def test_limits_count_files_each_and_together() -> None:
    """Each of the three bounds is exact."""
    limits = FileLimits(most=2, each=10, together=15)
    assert not limits.exceeded([10, 5])
    assert limits.exceeded([11])
    assert limits.exceeded([8, 8])
    assert limits.exceeded([1, 1, 1])
