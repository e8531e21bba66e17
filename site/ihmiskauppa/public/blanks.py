"""Blank forms as kept documents: what `ihmiskauppa forms build` made, byte by byte."""

from ihmiskauppa.public.documents import Document, Documents
from ihmiskauppa.public.editions import Edition


def documents(edition: Edition) -> Documents:
    """Every blank form that was built."""
    return {path: Document(offered.file.read_bytes, offered.blank.kind.media_type) for path, offered in edition.blanks.items()}
