"""Every text has its Russian; `python -m ocpp_css.edge.catalog` prints what is missing, ready to be filled in."""

from pathlib import Path

import pytest

from ocpp_css.edge.catalog import messages, missing
from ocpp_css.edge.i18n import LOCALES

LANGUAGES = sorted(LOCALES.glob("*.po"))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda path: path.stem)
def test_every_text_is_translated(language):
    found = missing(language)
    assert not found, f"{len(found)} texts lack their {language.stem}: see python -m ocpp_css.edge.catalog"


def test_texts_are_found_in_templates_code_and_refusals(tmp_path: Path):
    (tmp_path / "a.html").write_text("{{ _('One {n}', n=1) }}{{ ngettext('{n} two', '{n} twos', n) }}{{ lazy }}")
    (tmp_path / "a.py").write_text(
        "from x import Refusal, _lazy, gettext\n"
        'LABEL = _lazy("Three")\n'
        "class Full(Refusal):\n"
        '    code = "full"\n    title = "Four"\n    explanation = "Five"\n'
        "class Fuller(Full):\n"
        '    title = "Six"\n'
        'def f():\n    raise Fuller("Seven {n}", n=1)\n'
        'def g():\n    raise ValueError("not said to people")\n'
    )
    assert set(messages(tmp_path)) == {"One {n}", ("{n} two", "{n} twos"), "Three", "Four", "Five", "Six", "Seven {n}"}


def test_a_missing_translation_is_noticed(tmp_path: Path):
    (tmp_path / "a.html").write_text("{{ _('Search') }}{{ _('Never said before') }}")
    assert missing(LOCALES / "ru.po", tmp_path) == ["Never said before"]
