"""Every action that is entered says in words what it is, wherever the program enters it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ocpp_css
from ocpp_css.edge import Languages, gettext
from ocpp_css.people import audit

pytestmark = pytest.mark.requirement("USE-8")
SOURCE = Path(ocpp_css.__file__).parent
AREAS = {"people", "charging", "outreach"}


def entered() -> Iterator[str]:
    """The actions in calls of `record` and `record_read`."""
    for path in SOURCE.rglob("*.py"):
        if not AREAS & set(path.relative_to(SOURCE).parts):
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and _is_recording(call.func) and len(call.args) > 3:
                yield from (one.value for one in ast.walk(call.args[2]) if _is_action(one))


def _is_recording(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in {"record", "record_read"}


def _is_action(found: ast.AST) -> bool:
    return isinstance(found, ast.Constant) and isinstance(found.value, str)


def test_every_action_has_its_words():
    found = set(entered())
    assert len(found) > 30
    assert found <= audit.WORDS.keys()


def test_no_two_actions_are_called_the_same_in_any_language():
    for language in ("en", "ru"):
        with Languages().reading(language):
            said = [gettext(words) for words in audit.WORDS.values()]
        assert len(set(said)) == len(said)


async def test_the_pages_say_it_in_words(ann):
    for path in ("/console/me/history", "/console/settings/audit"):
        text = (await ann.get(path)).text
        assert "Signed in" in text
