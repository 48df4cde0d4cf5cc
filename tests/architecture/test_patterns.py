"""No regular expression of the program takes for ever, whatever it is given (TRUST A66)."""

import ast
import re
from collections.abc import Iterator

import pytest
from tests.architecture.test_house import SOURCE, sources

LONG = 100_000
TEXTS = ("a", " ", "0", ".", "-", "@", ":", "a.", "0-", "{", "\t", "A1", "?")


def patterns() -> Iterator[tuple[str, str]]:
    """Every pattern that is written in the program, and where."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_of_re(node.func) and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", text.value


def _is_of_re(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re"


@pytest.mark.trust("A66")
@pytest.mark.timeout(60)
def test_every_pattern_ends_on_long_texts() -> None:
    found = dict(patterns())
    assert len(found) > 20
    for text in found.values():
        compiled = re.compile(text)
        for piece in TEXTS:
            long = piece * (LONG // len(piece)) + "\n!"
            compiled.fullmatch(long)
            compiled.match(long)
