"""What was filled in: the form fields of a PDF, the content controls of a Word file. Runs as a process of its own.

`extraction` starts this file, with the document on standard input; the answer is one JSON object on standard output. Once the
libraries are loaded, the process gives up what it could do harm with: it can open no file and no socket, and start no program.
Knows nothing of the rest of the package.
"""

import ctypes
import encodings.cp437  # noqa: F401 - what zipfile would load when it is too late
import io
import json
import platform
import resource
import struct
import sys
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import pikepdf
from lxml import etree
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

# What did not go well, in a word; `extraction` has the staff's words for them.
DAMAGED: Final = "damaged"
ENCRYPTED: Final = "encrypted"
XFA: Final = "xfa"
SCRIPT: Final = "script"
TOO_MUCH: Final = "too_much"

MOST_FIELDS: Final = 2_000
MOST_DEPTH: Final = 50  # of fields within fields
MOST_OBJECTS: Final = 200_000  # of a PDF, looked at for scripts
PART_BYTES: Final = 16 * 1024 * 1024  # of one part of a Word file, when unpacked
MOST_PARTS: Final = 5_000

_KINDS: Final = {"/Tx": "text", "/Ch": "choice", "/Btn": "check"}
_PUSH_BUTTON: Final = 1 << 16  # ISO 32000-2, table 229
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORD_2010: Final = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_ALTERNATIVE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT_WORD: Final = b"http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same names in another namespace

Field = dict[str, Any]


class UnreadableError(Exception):
    """The document cannot be read; the message is one of the words above."""


def field(name: str, kind: str, values: list[str]) -> Field:
    """A field: `kind` is text, choice or check; no values if it was left empty."""
    return {"name": name, "kind": kind, "values": [value for value in values if value]}


def of_pdf(content: bytes) -> list[Field]:
    """The form fields of a PDF, in the order of its field tree."""
    try:
        with pikepdf.open(io.BytesIO(content), inherit_page_attributes=False) as pdf:
            return list(_pdf_fields(pdf))
    except pikepdf.PasswordError as fault:
        raise UnreadableError(ENCRYPTED) from fault
    except (pikepdf.PdfError, AttributeError, LookupError, TypeError, ValueError, RuntimeError) as fault:
        raise UnreadableError(DAMAGED) from fault


def _pdf_fields(pdf: Pdf) -> Iterator[Field]:
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return
    if "/XFA" in form:
        raise UnreadableError(XFA)
    if _has_script(pdf):
        raise UnreadableError(SCRIPT)
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[Any, tuple[str, ...], Any, Any, Any, int]]
    waiting = [(node, (), None, 0, None, 0) for node in reversed(_list(form.get("/Fields")))]
    found = 0
    while waiting:
        node, names, kind, flags, value, depth = waiting.pop()
        if not isinstance(node, Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        seen.add(node.objgen)
        names = (*names, _text(node["/T"])) if "/T" in node else names
        kind, flags, value = node.get("/FT", kind), node.get("/Ff", flags), node.get("/V", value)
        # Kids without a name of their own are the places of one field on its pages, not fields.
        kids = [kid for kid in _list(node.get("/Kids")) if isinstance(kid, Dictionary) and "/T" in kid]
        if depth > MOST_DEPTH or found > MOST_FIELDS:
            raise UnreadableError(TOO_MUCH)
        waiting += [(kid, names, kind, flags, value, depth + 1) for kid in reversed(kids)]
        if not kids and str(kind) in _KINDS and not (kind == Name.Btn and int(flags) & _PUSH_BUTTON):
            found += 1
            yield field(".".join(names), _KINDS[str(kind)], _pdf_values(value, _list(node.get("/Opt"))))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Array) else []


def _pdf_values(value: Any, options: list[Any]) -> list[str]:
    """The words of a value. A button's state is a name; where a field has `options`, a number among them (12.7.4.2.3)."""
    if isinstance(value, Array):
        return [_text(one) for one in value]
    if isinstance(value, Name):
        state = str(value)[1:]
        if options and state.isascii() and state.isdigit():
            return [_text(options[int(state)])]
        return [] if value == Name.Off else [state]
    return [] if value is None else [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, Stream):
        value = String(value.read_bytes())
    if not isinstance(value, String):
        raise TypeError(type(value))
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def _has_script(pdf: Pdf) -> bool:
    """Whether any object is an action in JavaScript, wherever it hangs."""
    looked = 0
    for top in pdf.objects:
        waiting: list[Any] = [top]
        while waiting:
            looked += 1
            if looked > MOST_OBJECTS:
                raise UnreadableError(TOO_MUCH)
            node = waiting.pop()
            if isinstance(node, Dictionary | Stream):
                if "/JS" in node or node.get("/S") == Name.JavaScript:
                    return True
                values = list(node.as_dict().values()) if isinstance(node, Dictionary) else list(dict(node.items()).values())
                waiting += [one for one in values if _nested(one)]
            elif isinstance(node, Array):
                waiting += [one for one in node if _nested(one)]
    return False


def _nested(value: Any) -> bool:
    return isinstance(value, Object) and isinstance(value, Dictionary | Array) and not value.is_indirect


def of_word(content: bytes) -> list[Field] | None:
    """The content controls of a Word file, in their order; None if this zip file is no Word file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MOST_PARTS:
                raise UnreadableError(TOO_MUCH)
            main = _main_part(archive)
            return (
                None
                if main is None
                else list(_controls(_xml(_part(archive, main).replace(_STRICT_WORD, _WORD[1:-1].encode()))))
            )
    except (etree.XMLSyntaxError, zipfile.BadZipFile, LookupError, NotImplementedError, RuntimeError, ValueError) as fault:
        raise UnreadableError(DAMAGED) from fault
    except (EOFError, OSError, zipfile.zlib.error) as fault:  # type: ignore[attr-defined]
        raise UnreadableError(DAMAGED) from fault


def _main_part(archive: zipfile.ZipFile) -> str | None:
    """Where the text lies: usually word/document.xml, but that is for the package to say (ECMA-376, part 2)."""
    if "_rels/.rels" not in archive.namelist():
        return None
    for relation in _xml(_part(archive, "_rels/.rels")).iter(_RELATION):
        if relation.get("Type", "").endswith("/officeDocument"):
            target = relation.get("Target", "").lstrip("/")
            return target if target.startswith("word/") else None
    return None


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part unpacked, to a bound: what the archive says of its size is not believed."""
    with archive.open(name) as part:
        content = part.read(PART_BYTES + 1)
    if len(content) > PART_BYTES:
        raise UnreadableError(TOO_MUCH)
    return content


def _xml(content: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True)
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:  # no Word file has one; entities live there
        raise UnreadableError(DAMAGED)
    return root


def _controls(root: Any) -> Iterator[Field]:
    for found, control in enumerate(root.iter(_WORD + "sdt")):
        if found > MOST_FIELDS:
            raise UnreadableError(TOO_MUCH)
        properties, content = control.find(_WORD + "sdtPr"), control.find(_WORD + "sdtContent")
        if properties is None or any(control.iterancestors(_ALTERNATIVE)):
            continue
        name = _value(properties, "tag") or _value(properties, "alias")
        if name:
            yield _control(name, properties, content)


def _control(name: str, properties: Any, content: Any) -> Field:
    box = properties.find(f"{_WORD_2010}checkbox/{_WORD_2010}checked")
    if box is not None or properties.find(_WORD_2010 + "checkbox") is not None:
        ticked = box is not None and box.get(_WORD_2010 + "val", "1") in {"1", "true", "on"}
        return field(name, "check", ["1"] if ticked else [])
    empty = content is None or properties.find(_WORD + "showingPlcHdr") is not None
    shown = "" if empty else _shown(content)
    for kind in ("dropDownList", "comboBox"):
        choices = properties.find(_WORD + kind)
        if choices is not None:
            known = {item.get(_WORD + "displayText"): item.get(_WORD + "value") for item in choices.iter(_WORD + "listItem")}
            return field(name, "choice", [known.get(shown) or shown])
    return field(name, "text", [shown])


def _value(properties: Any, name: str) -> str:
    found = properties.find(_WORD + name)
    return "" if found is None else str(found.get(_WORD + "val", ""))


def _shown(content: Any) -> str:
    """The text of a control as it is seen: without what was deleted, a line for each paragraph."""
    pieces: list[str] = []
    for node in content.iter():
        if node.tag == _WORD + "t":
            pieces.append(node.text or "")
        elif node.tag == _WORD + "tab" and node.getparent().tag == _WORD + "r":
            pieces.append("\t")
        elif node.tag in {_WORD + "br", _WORD + "cr"} or (node.tag == _WORD + "p" and pieces):
            pieces.append("\n")
    return "".join(pieces)


# What a program needs to compute and to answer: reading and writing what is open, memory, its own signals, locks, the time,
# random numbers, its end. By the numbers that the machine has for these calls (Linux, asm/unistd.h). Everything else fails.
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 39, 60, 96, 186, 201, 202, 228, 230, 231, 318),
    ),
    "aarch64": (
        0xC00000B7,
        (62, 63, 64, 57, 93, 94, 98, 113, 115, 124, 134, 135, 139, 169, 172, 178, 214, 215, 216, 222, 226, 233, 278),
    ),
}
_NO_NEW_PRIVILEGES: Final = 38  # linux/prctl.h
_SECCOMP: Final = 22
_FILTER: Final = 2
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # linux/seccomp.h; refused with EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> None:
    """Give up files, sockets and programs for good. Where the machine is not known, the bound on descriptors stands alone."""
    machine = platform.machine()
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if sys.platform != "linux" or machine not in _CALLS or sys.maxsize < 1 << 32:
        return
    architecture, calls = _CALLS[machine]
    equal, load, give = 0x15, 0x20, 0x06  # linux/bpf_common.h: BPF_JMP|JEQ|K, BPF_LD|W|ABS, BPF_RET|K
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    for number, call in enumerate(calls):
        steps.append((equal, len(calls) - number, 0, call))
    steps += [(give, 0, 0, _REFUSE), (give, 0, 0, _ALLOW)]
    packed = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), packed)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def main(kind: str) -> None:
    """Read standard input as `kind` (pdf or word); print the fields, or why there are none."""
    content = sys.stdin.buffer.read()
    confine()
    try:
        fields = of_pdf(content) if kind == "pdf" else of_word(content)
        answer = json.dumps({"fields": fields})
    except UnreadableError as fault:
        answer = json.dumps({"fault": str(fault)})
    except (MemoryError, RecursionError):
        answer = json.dumps({"fault": TOO_MUCH})
    sys.stdout.write(answer)


if __name__ == "__main__":
    main(sys.argv[1])
