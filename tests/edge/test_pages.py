"""The frame, the pieces, languages, panels and tables."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from litestar.testing import TestClient

from ocpp_css import edge
from ocpp_css.edge import formats
from ocpp_css.edge.assets import Assets
from ocpp_css.edge.i18n import Languages


def test_a_page_shows_what_its_reader_may_see(client, as_ada):
    page = client.get("/console/things", headers=as_ada).text
    assert 'href="/console/things" aria-current="page"' in page
    assert "Hidden" not in page
    assert "&lt;b&gt;" in page
    assert 'name="_csrf" value="' in page


def test_nothing_in_a_page_is_inline(client, as_ada):
    page = client.get("/console/things", headers=as_ada).text
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:|hx-on", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_panels_stand_in_order_and_one_fault_spoils_no_other(client, as_ada):
    page = client.get("/console/things", headers=as_ada).text
    assert page.index("This part cannot be shown") < page.index("<p>Search subject</p>")
    assert "Secret" not in page


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"Cookie": "css_session=ada", "Accept-Language": "fr, ru;q=0.8, en;q=0.5"}, "ru"),
        ({"Cookie": "css_session=ada", "Accept-Language": "fr"}, "en"),
        ({"Cookie": "css_session=eve", "Accept-Language": "en"}, "ru"),
        ({"Cookie": "css_session=eve; css_language=en"}, "en"),
        ({"Cookie": "css_session=ada; css_language=xx", "Accept-Language": "en;q=0, ru;q=0.1"}, "ru"),
        ({"Cookie": "css_session=ada", "Accept-Language": "🙂;;q=2,".encode()}, "en"),
    ],
)
def test_the_language_is_the_choice_then_the_persons_then_the_browsers(client, headers, language):
    page = client.get("/console/things", headers=headers).text
    assert f'<html lang="{language}"' in page
    assert ("Сообщения" in page) == (language == "ru")


def test_a_language_is_chosen_and_kept(client):
    answer = client.post("/console/language", data={"language": "ru", "next": "/console/x"}, follow_redirects=False)
    assert answer.headers["location"] == "/console/x"
    assert "css_language=ru" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_an_unknown_language_changes_nothing(client):
    answer = client.post("/console/language", data={"language": "../x"}, follow_redirects=False)
    assert "set-cookie" not in answer.headers


def test_the_theme_is_on_the_page_before_any_script(client, as_ada):
    page = client.get("/console/things", headers={"Cookie": "css_session=ada; css_theme=dark"}).text
    assert 'data-theme="dark"' in page
    page = client.get("/console/things", headers={"Cookie": 'css_session=ada; css_theme="><script>'}).text
    assert "data-theme=" not in page.partition("<head>")[0]


def test_problems_speak_the_callers_language(client, as_key):
    answer = client.post(
        "/api/v1/things", content=b"x", headers={**as_key, "Content-Type": "text/plain", "Accept-Language": "ru"}
    )
    assert answer.json()["title"] == "Тело запроса должно быть в формате JSON"
    assert answer.json()["code"] == "unsupported_media_type"


def test_static_files_are_kept_for_ever_by_their_hash(client):
    url = Assets().url("css/app.css")
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")
    assert "--accent" in answer.text
    assert client.get(url, headers={"Accept-Encoding": "identity"}).text == answer.text


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "nothing.css", "css"])
def test_static_files_are_only_those_that_there_are(client, name):
    assert client.get(f"/static/x/{name}").status_code == 404


def test_an_asset_that_is_not_there_is_a_fault_of_the_program():
    with pytest.raises(LookupError):
        Assets().url("nothing.js")


def test_the_pieces_are_shown_only_while_developing(build, client):
    assert client.get("/console/_pieces").status_code == 404
    with TestClient(build(settings={"is_development": True})) as developing:
        page = developing.get("/console/_pieces?sort=-id&status=charging&q=CS-0").text
        assert "CS-021" in page
        assert "CS-002" not in page
        assert 'aria-sort="descending"' in page
        assert "data-schema-form" in page


def test_a_table_turns_its_pages(build):
    with TestClient(build(settings={"is_development": True})) as client:
        first = client.get("/console/_pieces").text
        link = re.search(r'href="([^"]*)" rel="next"', first)[1].replace("&amp;", "&")
        second = client.get(link).text
        assert "CS-009" in second
        assert "CS-008" not in second
        assert "First page" in second


def test_icons_named_in_the_code_are_in_the_sprite():
    sprite = Assets().find("vendor/icons.svg").content.decode()
    known = set(re.findall(r'symbol id="([^"]+)"', sprite))
    from ocpp_css.edge.rendering import TEMPLATES

    said = {
        name for path in TEMPLATES.rglob("*.html") for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text())
    }
    assert said <= known


# --- formats ---


@pytest.fixture
def languages() -> Languages:
    return Languages()


def test_times_are_relative_and_exact_on_hover_in_the_readers_zone(languages):
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    with languages.reading("en", "Europe/Berlin"):
        tag = str(formats.time_tag(now - timedelta(minutes=5), now=now))
        assert "5 minutes ago" in tag
        assert "13:55:00" in tag
        assert 'datetime="2026-07-01T11:55:00.000Z"' in tag
        assert formats.time_tag(None) == '<span class="muted">never</span>'
    with languages.reading("ru", "nowhere/at-all"):
        assert "11:55:00" in formats.time_tag(now - timedelta(minutes=5), now=now, style="exact")


def test_figures_follow_the_language(languages):
    with languages.reading("ru"):
        assert formats.energy(12345) == "12,34\u00a0кВт·ч"
        assert edge.ngettext("{n} shown", "{n} shown", 2) == "Показаны 2"
        assert edge.ngettext("{n} shown", "{n} shown", 11) == "Показано 11"
    assert formats.energy(999) == "999\u00a0Wh"
    assert formats.power(7400) == "7.4\u00a0kW"
    assert formats.power(None) == formats.NOTHING
    assert formats.duration(3_725) == "1 hr 2 min"
    assert formats.duration(0) == "0 sec"
    assert formats.money(Decimal("1234.5"), "EUR") == "€1,234.50"
    assert formats.size(1_500_000) == "1.5 MB"
    assert formats.number(1234.5678, 2) == "1,234.57"
    assert formats.percent(0.25) == "25%"


def test_lazy_texts_speak_the_language_of_the_moment(languages):
    label = edge.lazy("Search")
    assert str(label) == "Search"
    with languages.reading("ru"):
        assert str(label) == "Поиск"


# --- settings ---


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("203.0.113.7", "1.2.3.4", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_forwarded_addresses_count_only_from_the_proxy(peer, forwarded, found):
    from ipaddress import ip_network

    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert edge.client_address(scope, edge.WebSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))) == found
    assert edge.client_address(scope, edge.WebSettings()) == peer


@pytest.mark.parametrize(
    ("held", "asked", "may"),
    [("*", "a:b", True), ("a:*", "a:b", True), ("a:*", "ab:b", False), ("a:b", "a:c", False), ("a:b", "", True)],
)
def test_permissions_and_wildcards(held, asked, may):
    assert edge.Principal("user", permissions=frozenset({held})).may(asked) is may


def test_nobody_may_nothing():
    assert not edge.ANONYMOUS.may("")
