"""A PDF form's fields (ISO 32000-1, 12.7), mended after WeasyPrint: names, groups, required answers, direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

REQUIRED: Final = 1 << 1  # of /Ff
PRINT: Final = 1 << 2  # of /F
RIGHT: Final = 2  # of /Q: where typed text stands


@dataclass(frozen=True)
class Name:
    """What a screen reader says at a field; of a group of radio buttons, also at each `option`, by its value."""

    label: str
    required: bool
    options: Mapping[str, str] = field(default_factory=dict)


def mend(pdf: Any, names: Mapping[str, Name], *, rtl: bool) -> None:
    """Give every field of `pdf` its name and flags; `KeyError` if there is a field that `names` does not know."""
    import pikepdf

    form = pdf.Root.AcroForm
    if "/NeedAppearances" in form:
        del form["/NeedAppearances"]  # with it some viewers hide the ticks of boxes
    kids = {kid.objgen for top in form.Fields for kid in top.get("/Kids", [])}
    fields: dict[str, Any] = {}
    for top in form.Fields:
        if top.objgen in kids:
            continue
        if fields.setdefault(str(top.T), top) is not top:
            _join(fields[str(top.T)], top)
    tops = list(fields.values())
    form.Fields = pikepdf.Array(tops)
    for top in tops:
        name = names[str(top.T)]
        top.TU = name.label
        if name.required:
            top.Ff = int(top.get("/Ff", 0)) | REQUIRED
        if rtl and top.FT in ("/Tx", "/Ch"):
            top.Q = RIGHT
        values = [str(value) for value in top.get("/Opt", [])]
        for kid, value in zip(top.get("/Kids", []), values, strict=False):
            kid.TU = name.options[value]
            kid.Parent = top
            if "/T" in kid:
                del kid["/T"]
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            annotation.F = int(annotation.get("/F", 0)) | PRINT


def _join(group: Any, rest: Any) -> None:
    """Make one of a group of radio buttons that a page's end cut in two; each button's state is its place among all."""
    first = len(group.Opt)
    for place, kid in enumerate(rest.Kids):
        for appearances in kid.AP.values():
            for state in [state for state in appearances if state != "/Off"]:
                appearances[f"/{first + place}"] = appearances[state]
                if state != f"/{first + place}":
                    del appearances[state]
        group.Kids.append(kid)
        group.Opt.append(rest.Opt[place])
