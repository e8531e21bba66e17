"""The site's own forms, and one more that asks in ways none of them does."""

import shutil
from pathlib import Path

from ihmiskauppa.settings import data_folder

ODD = """\
version = "1"
id = "about/odd"
order = 900
title = "T"
summary = "S"
staff = "Outo"
submit = "Send"
either = ["message", "when"]
sent = [{ text = "x" }]
[[question]]
name = "needs"
kind = "many_of"
label = "L"
staff = "Tarpeet"
required = true
option = [
  { value = "bed", label = "L", staff = "Sänky" },
  { value = "food", label = "L", staff = "Ruoka" },
  { value = "other", label = "L", staff = "Muu" },
]
[[question]]
name = "which"
kind = "short_text"
label = "L"
staff = "Mikä"
after = "needs"
is = "other"
[[question]]
name = "message"
kind = "short_text"
label = "L"
staff = "Sanat"
limit = 300
[[question]]
name = "when"
kind = "window"
label = "L"
staff = "Milloin"
[[question]]
name = "proof"
kind = "files"
label = "L"
staff = "Todiste"
"""


def every_form(folder: Path) -> Path:
    """A folder in `folder` with all of them."""
    forms = Path(shutil.copytree(data_folder("forms"), folder / "forms"))
    (forms / "odd.toml").write_text(ODD, encoding="utf-8")
    return forms
