"""The page of keys names every key that the program derives from its root secret, and no other."""

import re
from pathlib import Path

from tests.docs.pages import DOCS, ROOT

DERIVED = re.compile(r"secrets\.key\(f?\"([^\"{]+)")
ROW = re.compile(r"^\| `([^`]+)`(?: an account)? \|", re.MULTILINE)


def test_every_derived_key_stands_in_the_page_and_no_other() -> None:
    texts = [path.read_text() for path in Path(ROOT / "src" / "ocpp_css").rglob("*.py")]
    derived = {found.strip() for text in texts for found in DERIVED.findall(text)}
    assert derived == set(ROW.findall((DOCS / "security" / "keys.md").read_text()))
