"""How pages of the reference are put down: titles, tables, what docstrings say."""

import re
from collections.abc import Iterable, Sequence

COMMAND = "python -m tools.reference"
MADE = f"Made by `{COMMAND}`; do not edit."
_OWN_RULES = re.compile(r" \((RULES|TRUST|HOUSE|SPEED) [\w.]+\)")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(_cell(part) for part in row)} |" for row in rows]


def _cell(part: object) -> str:
    return " ".join(_OWN_RULES.sub("", str(part)).split()).replace("|", "\\|")


def first_sentence(text: str | None) -> str:
    """The first sentence, or what stands before the first blank line."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def page(title: str, lines: Iterable[str]) -> str:
    """A whole page."""
    return "\n".join([f"# {title}", "", MADE, "", *lines]) + "\n"
