"""See the package."""

import asyncio
import sys
from pathlib import Path

from ocpp_css.assembly import find_areas
from tools.reference.actions import actions_page
from tools.reference.program import commands_page, events_page, openapi, permissions_page, rest_page, settings_page
from tools.reference.tables import personal_page, tables_page
from tools.reference.writing import COMMAND

ROOT = Path(__file__).parents[2]


def pages() -> dict[str, str]:
    """All pages by their path."""
    areas = find_areas("ocpp_css")
    return {
        "docs/reference/settings.md": settings_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/rest.md": rest_page(asyncio.run(openapi())),
        "docs/reference/events.md": events_page(areas),
        "docs/reference/permissions.md": permissions_page(areas),
        "docs/reference/tables.md": tables_page(areas),
        "docs/reference/actions.md": actions_page(areas),
        "docs/security/personal-fields.md": personal_page(areas),
    }


def outdated() -> list[str]:
    """The pages that are not as they should be."""
    return [
        path for path, text in pages().items() if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    ]


def main() -> int:
    """Write the pages, or with `--check` name those that are out of date; the exit code."""
    if "--check" in sys.argv[1:]:
        stale = outdated()
        sys.stdout.writelines(f"{path} is out of date; run: {COMMAND}\n" for path in stale)
        return 1 if stale else 0
    for path, text in pages().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
