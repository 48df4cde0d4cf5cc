"""What the pages name is there: links, commands with their options, files of scenarios."""

import json
import re
import shlex
from collections.abc import Iterator

import pytest
from tests.docs.pages import DOCS, ROOT, blocks

from ocpp_css.app.cli.main import app
from ocpp_css.app.settings import Settings
from ocpp_css.simulator.scenario import parse

PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_VARIABLE = re.compile(r"\bOCPP_CSS_[A-Z0-9_]+\b")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str):
    links = [link for link in _LINK.findall((DOCS / page).read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []


def test_every_page_is_reached_from_the_index():
    reached: set[str] = set()
    waiting = ["index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in _LINK.findall((DOCS / page).read_text("utf-8")):
            target = (DOCS / page).parent / link
            if "://" not in link and link.endswith(".md") and target.resolve().is_relative_to(DOCS):
                name = target.resolve().relative_to(DOCS).as_posix()
                waiting += [name] if name not in reached else []
    own = {page for page in PAGES if not page.startswith(("requirements", "decisions/", "benchmarks"))}
    assert own - reached == set()


def commands(page: str) -> Iterator[list[str]]:
    """The calls of `ocpp-css` in the shell blocks of a page."""
    for language, _, text in blocks(page):
        for line in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
            for part in re.split(r" \| |\$\(| && ", line):
                words = shlex.split(part.rstrip(")"), comments=True) if "ocpp-css " in part else []
                if words and words[0].rpartition("/")[2] == "ocpp-css":
                    yield words[1:]


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_are_there(page: str):
    for words in commands(page):
        command, rest = app, list(words)
        while rest and not rest[0].startswith("-") and rest[0] in command:
            command = command[rest.pop(0)]
        assert command.default_command is not None, words
        known = {name for argument in command.assemble_argument_collection() for name in argument.names}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} - known - {"--help"} == set(), words


@pytest.mark.parametrize("page", PAGES)
def test_blocks_in_other_languages_can_be_read(page: str):
    for language, title, text in blocks(page):
        if language == "json":
            json.loads(text)
        if language == "toml" and title.endswith("visit.toml"):
            assert parse(text).steps
        if language == "python" and title:
            compile(text, title, "exec")


def test_variables_of_settings_are_there():
    known = {f"OCPP_CSS_{name.upper()}" for name in Settings.__slots__}
    known |= {"OCPP_CSS_API_KEY", "OCPP_CSS_URL", "OCPP_CSS_PASSWORD", "OCPP_CSS_CHROMIUM"}
    known |= {"OCPP_CSS_EMULATE_URL", "OCPP_CSS_EMULATE_PASSWORD"}
    for page in PAGES:
        found = set(_VARIABLE.findall((DOCS / page).read_text("utf-8")))
        assert found - known == set(), page


def test_the_unit_and_the_container_start_the_program():
    for name in ("deploy/ocpp-css.service", "deploy/Containerfile"):
        assert "ocpp-css" in (ROOT / name).read_text("utf-8")
