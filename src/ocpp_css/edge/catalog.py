"""Every text that the console can say, and those that a language lacks: `python -m ocpp_css.edge.catalog`."""

import ast
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from ocpp_css.edge.i18n import LOCALES

SOURCE = Path(__file__).parents[1]
_CALLS = {"_": None, "_lazy": None, "lazy": None, "gettext": None, "ngettext": (1, 2)}
_SAID = {"title", "explanation"}
_GENERATED = {"v15", "v16", "v201", "v21", "migrations"}
Message = str | tuple[str, ...]


def messages(source: Path = SOURCE) -> dict[Message, set[str]]:
    """Each message id (a pair for plurals) and the files that say it."""
    found: dict[Message, set[str]] = {}
    paths = [path for path in sorted(source.rglob("*")) if not _GENERATED & set(path.parts)]
    modules = {path: ast.parse(path.read_text()) for path in paths if path.suffix == ".py"}
    refusals = _refusal_names(modules.values())
    for path in paths:
        if path.suffix == ".html":
            said = _in_template(path)
        elif path in modules:
            said = chain(_in_python(path), _refused(modules[path], refusals))
        else:
            continue
        for message in said:
            found.setdefault(message, set()).add(path.relative_to(source).as_posix())
    return found


def _in_template(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, call, message, _comments in babel_extract(file, tuple(_CALLS), (), {}):
            said = (message,) if isinstance(message, str) else tuple(message or ())
            yield from _texts(said[:2] if call == "ngettext" else said[0] if said else None)


def _in_python(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract("python", file, _CALLS):
            yield from _texts(message)


def _texts(message: object) -> Iterator[Message]:
    match message:
        case str() if message:
            yield message
        case (str() as one, str() as many, *_):
            yield (one, many)


def _refusal_names(modules: Iterable[ast.Module]) -> set[str]:
    """The classes that are refusals, by inheritance."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    found = {"Refusal"}
    while grown := {name for name, above in bases.items() if above & found} - found:
        found |= grown
    return found


def _refused(module: ast.Module, refusals: set[str]) -> Iterator[str]:
    """What refusals say: titles and explanations of their classes, and the details that they are raised with."""
    for node in ast.walk(module):
        match node:
            case ast.ClassDef(name=name) if name in refusals:
                yield from (text for member, text in _constants(node) if member in _SAID and text)
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as text), *_]) if name in refusals:
                yield text


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)):
                yield name, text
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str() as text)):
                yield name, text


def missing(language: Path, source: Path = SOURCE) -> list[Message]:
    """The messages that a language's file does not translate."""
    with language.open("rb") as file:
        known = read_po(file, locale=language.stem)
    return [message for message in messages(source) if not _is_translated(known, message)]


def _is_translated(catalog: Catalog, message: Message) -> bool:
    found = catalog.get(message if isinstance(message, str) else message[0])
    if found is None or found.fuzzy:
        return False
    said = [found.string] if isinstance(found.string, str) else list(found.string or ())
    return bool(said) and all(said) and (isinstance(message, str) or len(said) == catalog.num_plurals)


def main() -> int:
    """Print the missing messages of each language, ready to be translated and put into its file."""
    lacking = 0
    for path in sorted(LOCALES.glob("*.po")):
        open_ones = Catalog(locale=path.stem)
        for message in missing(path):
            open_ones.add(message if isinstance(message, str) else message[:2])
            lacking += 1
        sys.stdout.flush()
        write_po(sys.stdout.buffer, open_ones, omit_header=True, width=0)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
