"""The character NUL, which PostgreSQL's texts cannot hold and SQLite's can: it is refused where it comes in."""

from typing import Any, Final

NUL: Final = "\0"
ESCAPED: Final = b"\\u0000"
"""The only way in which valid JSON can spell it; where it is not found there is none."""


def place_of(value: Any, path: str = "$") -> str | None:
    """The path of the first text, or of the member with a name, that holds a NUL in what JSON was decoded to."""
    if isinstance(value, str):
        return path if NUL in value else None
    if isinstance(value, list):
        found = (place_of(item, f"{path}[{number}]") for number, item in enumerate(value))
    elif isinstance(value, dict):
        found = (path if NUL in name else place_of(item, f"{path}.{name}") for name, item in value.items())
    else:
        return None
    return next((place for place in found if place is not None), None)
