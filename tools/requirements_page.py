"""Writes docs/requirements.md: each row of the requirements with the tests that show it, from the tests' marks."""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "requirements.md"
ROWS = ROOT / "docs" / "requirements.txt"
_MARK = re.compile(r'requirement\("([A-Z]{2,3}-\d+)"\)')
_TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)


def shown_by() -> dict[str, set[str]]:
    """The test files and tests that name each row."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text()
        for mark in _MARK.finditer(text):
            found[mark.group(1)].add(_place(path, text, mark.start()))
    return found


def _place(path: Path, text: str, position: int) -> str:
    """The test behind the mark; the file alone where the mark is the module's."""
    name = path.relative_to(ROOT).as_posix()
    if "pytestmark" in text[max(0, position - 200) : position].rsplit("\n\n", maxsplit=1)[-1]:
        return f"`{name}`"
    test = _TEST.search(text, position)
    return f"`{name}` {test.group(1)}" if test else f"`{name}`"


def page() -> str:
    """The page as it should be."""
    shown = shown_by()
    lines = [
        "# Requirements and the tests that show them",
        "",
        "Made by `python tools/requirements_page.py` from the tests' marks; a row without a test is not shown yet.",
        "",
        "| row | what a user gets | shown by |",
        "| --- | --- | --- |",
    ]
    for row in ROWS.read_text().splitlines():
        name, _, text = row.partition("\t")
        tests = "<br>".join(sorted(shown.get(name, ()))) or "not yet"
        lines.append(f"| {name} | {text} | {tests} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with `--check` tell whether it is as it should be."""
    if "--check" in sys.argv:
        return 0 if PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
