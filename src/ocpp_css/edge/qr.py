"""A text as a QR code, for phones and stations to read off the page."""

import io

import segno
from markupsafe import Markup


def qr(text: str) -> Markup:
    """The code drawn as SVG, black on white in every look, without a style of its own."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=3, dark="#000", light="#fff", nl=False
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn by ourselves
