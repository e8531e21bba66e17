"""The range as rows of the order form: what can be ordered, in which steps, and what the staff call it."""

from ihmiskauppa.forms.definition import Row
from ihmiskauppa.forms.spoken import staff_name
from ihmiskauppa.languages import SOURCE, Language
from ihmiskauppa.materials.range import SIZE_TITLES, Print, Range
from ihmiskauppa.translations import Translations


def of_range(materials: Range, texts: Translations) -> tuple[Row, ...]:
    """A row for each print that can be ordered, in the order of the range."""
    return tuple(_row(one, texts) for one in materials.prints if one.item.is_ordered)


def _row(one: Print, texts: Translations) -> Row:
    title, size = one.item.title, SIZE_TITLES[one.size.name]
    staff = (*(texts.gettext(SOURCE, text) for text in (title, size)), _staff_language(one.language))
    return Row(
        name=one.sku,
        anchor=one.item.name,
        group=title,
        part=size,
        label=one.language.name,
        language=one.language.code,
        staff=", ".join(staff),
        step=one.item.step,
        most=one.item.most,
    )


def _staff_language(language: Language) -> str:
    return staff_name(language.code) + (" (selkokieli)" if language.plain else "")
