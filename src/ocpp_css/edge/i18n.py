"""Words in the reader's language: English sentences are the message ids, one `.po` file is one language."""

import gettext as machine
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

LOCALES = Path(__file__).parent / "locales"
ENGLISH = "en"
_ACCEPTED = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$")


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, its own name, and its words."""

    code: str
    locale: Locale
    words: machine.NullTranslations = field(repr=False)

    @property
    def name(self) -> str:
        """What its speakers call it."""
        return (self.locale.get_display_name(self.locale) or self.code).capitalize()

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.locale.text_direction


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom text is written: a language and a time zone."""

    language: Language
    time_zone: str = "UTC"


_PLAIN = Reader(Language(ENGLISH, Locale(ENGLISH), machine.NullTranslations()))
_reader: ContextVar[Reader] = ContextVar("reader", default=_PLAIN)


def reader() -> Reader:
    """For whom text is written now; English and UTC when nobody said."""
    return _reader.get()


class Languages:
    """The languages that there are, read once at start."""

    def __init__(self, folder: Path = LOCALES, default: str = ENGLISH) -> None:
        self._by_code = {ENGLISH: _PLAIN.language}
        for path in sorted(folder.glob("*.po")):
            self._by_code[path.stem] = _read(path)
        self._default = default if default in self._by_code else ENGLISH

    def __iter__(self) -> Iterator[Language]:
        return iter(self._by_code.values())

    def named(self, code: str) -> Language | None:
        """The language of a code such as `ru` or `ru-RU`."""
        code = code.strip().replace("_", "-").lower()
        return self._by_code.get(code) or self._by_code.get(code.partition("-")[0])

    def choose(self, *wanted: str, accepted: str = "") -> Language:
        """The first of `wanted` that there is, else the best of an Accept-Language header, else the default."""
        for code in (*wanted, *_in_order(accepted)):
            if code and (found := self.named(code)):
                return found
        return self._by_code[self._default]

    @contextmanager
    def reading(self, language: str | Language, time_zone: str = "UTC") -> Iterator[Reader]:
        """Write for this reader within the block: requests, and mails sent by jobs."""
        chosen = language if isinstance(language, Language) else self.choose(language)
        now = Reader(chosen, time_zone or "UTC")
        mark = _reader.set(now)
        try:
            yield now
        finally:
            _reader.reset(mark)


def _read(path: Path) -> Language:
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Language(path.stem, Locale.parse(path.stem, sep="-"), machine.GNUTranslations(compiled))


def _in_order(header: str) -> list[str]:
    matches = [match for part in header[:1000].split(",") if (match := _ACCEPTED.match(part))]
    found = [(float(match[2] or 1), match[1]) for match in matches]
    return [code for quality, code in sorted(found, key=lambda pair: -pair[0]) if quality > 0]


def gettext(text: str, /, **values: object) -> str:
    """`text` in the reader's language, its `{placeholders}` filled."""
    return _filled(reader().language.words.gettext(text) if text else "", values)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """`one` or `many`, by the number and the language's own rule; `{n}` is the number."""
    return _filled(reader().language.words.ngettext(one, many, n), {"n": n, **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    if any(hasattr(value, "__html__") for value in values.values()):
        return Markup(escape(text)).format(**values)  # noqa: S704 - escaped just here
    return text.format(**values)


@dataclass(frozen=True, slots=True)
class LazyText:
    """A text that is translated when it is shown: for labels that are made at import."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return gettext(self.text, **self.values)

    def __bool__(self) -> bool:
        return bool(self.text)


def lazy(text: str, /, **values: object) -> LazyText:
    """`text`, translated each time it is shown."""
    return LazyText(text, values)


_ = gettext
_lazy = lazy
