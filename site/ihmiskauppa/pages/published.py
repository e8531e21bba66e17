"""When something was published, told as exactly as it is known and no more: the year, the month or the day."""

import datetime
import re
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True)
class Published:
    """`text` is `2018`, `2018-11` or `2018-11-24` (ISO 8601), `first` the first day that it may have been."""

    text: str
    first: datetime.date


def parse(text: str) -> Published:
    """Raises `ValueError` for what is neither a year nor a month nor a day."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is neither a year (2018) nor a month (2018-11) nor a day (2018-11-24)")
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        return Published(text, datetime.date(year, month, day))
    except ValueError as fault:
        raise ValueError(f"{text} is in no calendar") from fault
