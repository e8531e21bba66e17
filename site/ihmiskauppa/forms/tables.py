"""Tables of TOML files whose keys and types are known beforehand: anything else is a fault that can be named."""

from collections.abc import Mapping
from typing import Any


def known(table: Any, keys: Mapping[str, type]) -> dict[str, Any]:
    """`table`, which must have no other keys than `keys`, and values of their types. Raises `TypeError` or `ValueError`."""
    if not isinstance(table, dict):
        raise TypeError(f"{table!r} must be a table")
    where = f"{table['name']}: " if "name" in table else ""
    unknown = set(table) - set(keys)
    if unknown:
        raise ValueError(f"{where}unknown: {', '.join(sorted(unknown))}")
    for key, value in table.items():
        if type(value) is not keys[key]:
            raise TypeError(f"{where}{key} must be {keys[key].__name__}")
    return table
