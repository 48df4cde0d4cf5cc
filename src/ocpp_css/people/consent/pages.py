"""The texts, for everybody to read."""

from collections.abc import Iterator
from typing import NamedTuple

from litestar import get

from ocpp_css.edge import Page, gettext, page, public
from ocpp_css.people.consent.model import Document
from ocpp_css.people.consent.service import DOCUMENTS

_LONGEST_HEADING = 90


class Part(NamedTuple):
    """A part of a text: `heading`, `text`, or `point` of a list."""

    kind: str
    text: str


@get("/terms", opt=public())
async def terms_page() -> Page:
    return _page(DOCUMENTS["terms"])


@get("/privacy", opt=public())
async def privacy_page() -> Page:
    return _page(DOCUMENTS["privacy"])


def _page(document: Document) -> Page:
    return page(
        "consent/document.html", title=gettext(document.title), document=document, parts=list(parts(document.text))
    )


def parts(text: str) -> Iterator[Part]:
    """The parts of a plain text: a short line without an end is a heading, a line with a bullet a point."""
    for line in text.splitlines()[1:]:
        words = line.strip()
        if words.startswith("•"):
            yield Part("point", words.removeprefix("•").strip())
        elif words:
            is_heading = len(words) < _LONGEST_HEADING and words[-1] not in ".:;,)"
            yield Part("heading" if is_heading else "text", words)
