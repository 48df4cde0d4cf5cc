"""Writes the migration from the newest revision to the tables as the code declares them: `make migration NAME=…`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from ocpp_css.assembly import find_areas
from ocpp_css.storage import migrating


def main(name: str) -> None:
    """Compare on an empty SQLite database that is brought to the newest revision first."""
    find_areas("ocpp_css")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        count = len(list((migrating.FOLDER / "versions").glob("*.py")))
        if count:
            asyncio.run(migrating.bring_up_to_date(url, migrate=True))
        asyncio.run(
            migrating._run(  # noqa: SLF001 - the tool of the module
                url,
                lambda connection: command.revision(
                    migrating.config(connection), name, autogenerate=True, rev_id=f"{count + 1:04d}"
                ),
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
