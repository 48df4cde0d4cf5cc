"""The code blocks of a page of documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Language, title (empty where there is none) and text of each block."""
    found = _BLOCK.finditer((DOCS / page).read_text("utf-8"))
    return [(block["language"], block["title"] or "", block["text"]) for block in found]


def files(page: str) -> dict[str, str]:
    """The blocks that are files, by their path."""
    return {title: text for _, title, text in blocks(page) if title}


def lay_out(page: str, folder: Path) -> None:
    """Write the files of a page below a folder."""
    for path, text in files(page).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
