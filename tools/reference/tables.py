"""Pages of the database: its tables, and where it holds what is known of a person."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table

from ocpp_css.assembly import Area
from ocpp_css.storage import METADATA
from tools.reference.writing import page, table

PERSONAL = (
    "From the manifests of the areas. A test fails when a column that is marked as personal is claimed by none, does",
    "not say how it stands in the database, or stands there otherwise. The time is what the manifest declares.",
    "",
    "- **Sealed**: AES-256-GCM with the key of one person, which is kept apart from the database and wrapped by a key",
    "  that is in neither. When the person's key is destroyed, nobody reads these values again, in any copy:",
    "  [keys of people](../how-to/keys-of-people.md).",
    "- **Keyed hash**: finds the whole value (an e-mail address to sign in with, letter case apart) and nothing like",
    "  it: no part of it, and no order. Who has the secret key can still try whether a value that they guess is in an",
    "  old copy, also after the person's key was destroyed.",
    "- **In the clear**: for the reason that is given. Rows whose owner is 0 (an API key, a failed sign-in, a letter",
    "  to somebody who has no account yet) are sealed for the installation, not for a person.",
)


def personal_page(areas: Sequence[Area]) -> str:
    """Every column that holds a person's data, why, and for how long."""
    claimed = {column: data for area in areas for data in area.personal_data for column in data.columns}
    marks = {f"{name}.{column.name}": column for name, of in METADATA.tables.items() for column in of.columns}
    rows = [
        (
            f"`{column}`",
            marks[column].info.get("personal", ""),
            _kept(marks[column]),
            data.purpose,
            data.basis,
            data.keep_for,
        )
        for column, data in sorted(claimed.items())
        if column in marks
    ]
    return page(
        "Columns that hold a person's data",
        [
            *PERSONAL,
            "",
            *table(["column", "kind", "in the database", "purpose", "basis", "kept"], rows),
        ],
    )


def _kept(column: Column[Any]) -> str:
    """How a personal column stands in the database."""
    info = column.info
    if "of" in info:
        return f"sealed with the key of `{info['of']}`"
    return f"keyed hash of `{info['marks'][0]}`" if "marks" in info else f"in the clear: {info.get('clear', '?')}"


def tables_page(areas: Sequence[Area]) -> str:
    """Every table and its columns."""
    owners = {found.name: area.name for area in areas for found in area.tables}
    rows = [
        (f"`{name}`", owners.get(name, "storage, gateway"), _key(found), ", ".join(_columns(found)))
        for name, found in sorted(METADATA.tables.items())
    ]
    return page(
        "Tables",
        [
            "All have `tenant_id`, the account, first and in their key (0: the service itself). Columns marked * hold",
            "a person's data: [why, and for how long](../security/personal-fields.md).",
            "",
            *table(["table", "area", "key", "other columns"], rows),
        ],
    )


def _key(found: Table) -> str:
    return ", ".join(f"`{name}`" for name in found.info["key"][1:])


def _columns(found: Table) -> Iterator[str]:
    for column in found.columns:
        if column.name not in found.info["key"]:
            yield f"`{column.name}`" + ("\\*" if column.info.get("personal") else "")
