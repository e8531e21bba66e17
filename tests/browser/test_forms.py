"""The forms in a browser without scripts: what a choice reveals, what an error keeps, what Back shows."""

import hashlib
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.copies import Copy

TEXT = "Ensimmäinen rivi\n\n  — 'lainaus' & <b> 🆘 אב\n"


def test_a_choice_reveals_what_belongs_to_it(bare_page: Page) -> None:
    """Without script, contact questions appear under "yes" only, 112 under "no" only, the other language under "other" only."""
    bare_page.goto("/sv/get-help/write-to-us/")
    expect(bare_page.locator("[name=telephone]")).to_be_hidden()
    bare_page.check("[name=may_contact][value=yes]")
    expect(bare_page.locator("[name=telephone]")).to_be_visible()
    expect(bare_page.locator("[name=spoken_language_other]")).to_be_hidden()
    bare_page.select_option("[name=spoken_language]", "other")
    expect(bare_page.locator("[name=spoken_language_other]")).to_be_visible()
    bare_page.check("[name=may_contact][value=no]")
    expect(bare_page.locator("[name=telephone]")).to_be_hidden()
    danger = bare_page.locator("form a[href='tel:112']").first
    expect(danger).to_be_hidden()
    bare_page.check("[name=safe_now][value=no]")
    expect(danger).to_be_visible()


def test_an_error_in_the_middle_loses_nothing(bare_page: Page, copy: Copy) -> None:
    """A wrong date is answered at the field; everything else stands there; corrected, it arrives whole."""
    bare_page.goto("/fi/get-help/write-to-us/")
    bare_page.fill("[name=message]", TEXT)
    bare_page.check("[name=may_contact][value=yes]")
    bare_page.fill("[name=email]", "joku@example.org")
    bare_page.fill("[name=safe_time_from_date]", "2030-05-02")
    bare_page.fill("[name=safe_time_until_date]", "2030-05-01")
    bare_page.fill("[name=place]", "Kemi")
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")
    expect(bare_page.locator("#safe_time_until_date-fault")).to_be_visible()
    assert bare_page.input_value("[name=message]") == TEXT
    assert bare_page.input_value("[name=place]") == "Kemi"
    assert bare_page.is_checked("[name=may_contact][value=yes]")
    bare_page.fill("[name=safe_time_until_date]", "3.5.2030")
    bare_page.click("button[type=submit]")
    reference = bare_page.locator("[data-reference]").inner_text()
    message = copy.wait_for("".join(re.findall(r"\d", reference)))
    assert message.answers["message"] == TEXT
    assert message.answers["safe_time"] == {"from_date": "2030-05-02", "until_date": "2030-05-03"}
    assert "2.5.2030–3.5.2030" in message.text


def test_files_arrive_byte_by_byte(bare_page: Page, copy: Copy, tmp_path: Path) -> None:
    """A photograph and a text file chosen in the browser are in the sealed message as they were, and open with gpg."""
    photo = tmp_path / "valokuva.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe1Exif" + bytes(range(256)) * 8000)
    note = tmp_path / "ملاحظة.txt"
    note.write_text("مرحبا", encoding="utf-8")
    bare_page.goto("/ar/get-help/write-to-us/")
    bare_page.fill("[name=message]", "صورتان")
    bare_page.set_input_files("[name=files]", [photo, note])
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")
    reference = "".join(re.findall(r"\d", bare_page.locator("[data-reference]").inner_text()))
    message = copy.wait_for(reference)
    assert message.files == ["liite-1.jpg", "liite-2.bin"]
    assert [file["given_name"] for file in message.answers["files"]] == ["valokuva.jpg", "ملاحظة.txt"]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (photo, note)]
    assert [file["sha256"] for file in message.answers["files"]] == digests


def test_too_large_a_file_gets_a_page_and_keeps_the_text(bare_page: Page, tmp_path: Path) -> None:
    """The browser shows the answer, not a broken connection, for 11 MB; the text is there, the file is named."""
    film = tmp_path / "elokuva.mp4"
    film.write_bytes(b"x" * 11_000_000)
    bare_page.goto("/fi/about/write-to-us/")
    bare_page.fill("[name=message]", TEXT)
    bare_page.set_input_files("[name=files]", film)
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")
    expect(bare_page.locator("#files-fault")).to_be_visible()
    assert bare_page.input_value("[name=message]") == TEXT
    assert "elokuva.mp4" in bare_page.locator(".ik-notice").inner_text()


def test_the_confirmation_shows_nothing_typed_and_reloading_sends_nothing_new(bare_page: Page, copy: Copy) -> None:
    """The same reference stands there after a reload, and one message arrived."""
    bare_page.goto("/en/about/write-to-us/")
    bare_page.fill("[name=message]", "Only once, xylophone")
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")
    reference = bare_page.locator("[data-reference]").inner_text()
    assert "xylophone" not in bare_page.content()
    bare_page.reload()
    assert bare_page.locator("[data-reference]").inner_text() == reference
    copy.wait_for("".join(re.findall(r"\d", reference)))
    assert len([m for m in copy.inbox() if "xylophone" in m.text]) == 1
