"""The gate: who may what, CSRF, problems, units of work, headers."""

import msgspec
import pytest
from litestar import get
from litestar.params import FromPath
from litestar.testing import TestClient

from ocpp_css import edge
from ocpp_css.edge.permissions import UndeclaredRoute
from ocpp_css.kit.errors import Conflict, Unavailable


def test_a_route_without_a_declaration_is_not_built(build):
    @get("/console/forgotten")
    async def forgotten() -> str:
        return ""

    with pytest.raises(UndeclaredRoute, match="forgotten"):
        build(handlers=[forgotten])


def test_a_route_cannot_be_public_and_need_something(build):
    @get("/console/both", opt={**edge.public(), **edge.needs("x:y")})
    async def both() -> str:
        return ""

    with pytest.raises(UndeclaredRoute):
        build(handlers=[both])


@pytest.mark.parametrize(("path", "proof"), [("/api/v1/x", "/console/x"), ("/console/x", True)])
def test_a_proof_says_where_to_come_back_to_on_pages_alone(build, path, proof):
    @get(path, opt=edge.needs("x:y", proof=proof))
    async def proven() -> str:
        return ""

    with pytest.raises(UndeclaredRoute, match="proof"):
        build(handlers=[proven])


def test_a_route_that_asks_for_proof_sends_pages_to_prove_and_refuses_programs(build, as_ada, as_key):
    @get("/console/proven/{number:int}", opt=edge.needs("things:read", proof="/console/{number}?a=b"))
    async def proven(number: FromPath[int]) -> str:
        return str(number)

    @get("/api/v1/proven", opt=edge.needs("things:read", proof=True))
    async def proven_rest() -> str:
        """Do what wants a proof."""
        return "done"

    with TestClient(build(handlers=[proven, proven_rest])) as client:
        away = client.get("/console/proven/5", headers=as_ada, follow_redirects=False)
        assert (away.status_code, away.headers["location"]) == (303, "/console/me/prove?next=/console/5%3Fa%3Db")
        htmx = client.get("/console/proven/5", headers={**as_ada, "HX-Request": "true"})
        assert htmx.headers["hx-redirect"] == away.headers["location"]
        refused = client.get("/api/v1/proven", headers=as_ada)
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
        assert client.get("/api/v1/proven", headers=as_key).text == "done"
        told = client.get("/docs/openapi.json").json()["paths"]["/api/v1/proven"]["get"]["description"]
        assert "`things:read`" in told
        assert "`proof_needed`" in told


def test_ping_needs_nobody(client):
    answer = client.get("/api/v1/ping")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_nobody_gets_401_as_problem(client):
    answer = client.get("/api/v1/things")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


def test_a_wrong_key_gets_401_even_beside_a_session(client):
    answer = client.get("/api/v1/things", headers={"Authorization": "Bearer css_bad", "Cookie": "css_session=ada"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"


def test_a_missing_permission_is_403(client, as_eve):
    eves = edge.Principal("user", csrf="another secret")
    from ocpp_css.edge.csrf import token_for

    headers = {**as_eve, "X-CSRF-Token": token_for(eves), "Accept-Language": "en"}
    answer = client.post("/api/v1/things", json={"name": "x"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_missing"
    assert "things:write" in answer.json()["detail"]


def test_a_page_without_login_leads_to_sign_in_and_back(client):
    answer = client.get("/console/things?q=a%20b&x=1", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?next=/console/things%3Fq%3Da%2520b%26x%3D1"


def test_htmx_without_login_is_led_to_sign_in_from_the_page_it_stands_on(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver.local/console/things?q=1"}
    answer = client.post("/console/things", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=/console/things%3Fq%3D1"


def test_a_handler_reads_the_principal_and_its_tenant(client, as_key):
    assert client.get("/api/v1/things/5", headers=as_key).json() == {"number": 5, "tenant": 7}


# --- CSRF ---


def test_a_cookie_alone_writes_nothing(client, units, as_ada):
    answer = client.post("/api/v1/things", json={"name": "x"}, headers=as_ada)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert units.committed == []


def test_the_header_token_is_accepted(client, units, as_ada, token):
    answer = client.post("/api/v1/things", json={"name": "x"}, headers={**as_ada, "X-CSRF-Token": token})
    assert answer.status_code == 201
    assert units.committed == [(7, "x")]


def test_the_form_field_token_is_accepted(client, units, as_ada, token):
    form = {"_csrf": token, "name": "x"}
    answer = client.post("/console/things", data=form, headers=as_ada, follow_redirects=False)
    assert answer.status_code == 303
    assert units.committed == [(7, "x")]


@pytest.mark.parametrize("bad", ["", "x", "A" * 88, "é"])
def test_a_wrong_form_token_is_refused(client, units, as_ada, bad):
    answer = client.post("/console/things", data={"_csrf": bad, "name": "x"}, headers=as_ada, follow_redirects=False)
    assert answer.status_code == 403
    assert units.committed == []


def test_the_token_of_another_session_is_refused(client, as_eve, token):
    answer = client.post("/console/things", data={"_csrf": token, "name": "x"}, headers=as_eve)
    assert answer.status_code == 403


def test_tokens_differ_each_time_and_all_hold():
    from ocpp_css.edge.csrf import is_token_of, token_for

    ada = edge.Principal("user", csrf="s")
    first, second = token_for(ada), token_for(ada)
    assert first != second
    assert is_token_of(ada, first)
    assert is_token_of(ada, second)
    assert not is_token_of(edge.Principal("user", csrf=""), first)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.local.evil.example"])
def test_a_foreign_origin_is_refused_even_with_the_token(client, as_ada, token, origin):
    headers = {**as_ada, "X-CSRF-Token": token, "Origin": origin}
    assert client.post("/api/v1/things", json={"name": "x"}, headers=headers).status_code == 403


def test_a_foreign_site_cannot_post_a_sign_in(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/console/language", data={"language": "ru"}, headers=headers).status_code == 403


def test_our_own_origin_is_accepted(client, as_ada, token):
    headers = {**as_ada, "X-CSRF-Token": token, "Origin": "http://testserver.local"}
    assert client.post("/api/v1/things", json={"name": "x"}, headers=headers).status_code == 201


def test_a_key_needs_no_token_and_no_origin(client, as_key):
    headers = {**as_key, "Origin": "https://other.example"}
    assert client.post("/api/v1/things", json={"name": "x"}, headers=headers).status_code == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_in_disguise_is_refused(client, as_key, media_type):
    headers = {**as_key, "Content-Type": media_type}
    answer = client.post("/api/v1/things", content=b'{"name": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_route_may_accept_another_media_type(client, as_key):
    headers = {**as_key, "Content-Type": "text/csv"}
    assert client.post("/api/v1/things/import", content=b"a\nb\n", headers=headers).json() == {"lines": 2}


# --- problems ---


def test_a_body_that_breaks_the_schema_is_422_with_its_place(client, as_key):
    answer = client.post("/api/v1/things", json={"name": "", "weight_g": 1}, headers=as_key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "$.name"


def test_an_unknown_member_is_422(client, as_key):
    answer = client.post("/api/v1/things", json={"name": "x", "colour": "red"}, headers=as_key)
    assert answer.status_code == 422
    assert "colour" in answer.json()["errors"][0]["message"]


def test_a_missing_body_is_422(client, as_key):
    assert client.post("/api/v1/things", headers=as_key).status_code == 422


def test_malformed_json_is_400(client, as_key):
    headers = {**as_key, "Content-Type": "application/json"}
    answer = client.post("/api/v1/things", content=b"{", headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_query_parameter_is_422(client, as_key):
    answer = client.get("/api/v1/things?limit=many", headers=as_key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "limit"


def test_a_refusal_keeps_its_name_and_commits_nothing(client, units, as_key):
    answer = client.post("/api/v1/things", json={"name": "taken"}, headers=as_key)
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "urn:ocpp-css:problem:thing_taken",
        "title": "The name is taken",
        "status": 409,
        "code": "thing_taken",
        "detail": "There is a thing named taken.",
        "instance": "/api/v1/things",
    }
    assert units.committed == []


def test_a_fault_is_told_without_its_inside(client, units, as_key):
    answer = client.post("/api/v1/things", json={"name": "crash"}, headers=as_key)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["request_id"]
    assert units.committed == []


def test_faults_of_fields_are_listed(client, as_key):
    answer = client.delete("/api/v1/things/1", headers=as_key)
    assert answer.json()["errors"] == [{"path": "number", "message": "in use"}]


@pytest.mark.parametrize(("path", "status"), [("/api/v1/nothing", 404), ("/api/v1/things/x", 404)])
def test_an_unknown_address_is_a_problem(client, path, status):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_wrong_method_is_a_problem(client, as_key):
    assert client.put("/api/v1/things", headers=as_key).json()["code"] == "method_not_allowed"


def test_an_unknown_page_is_a_calm_page(client):
    answer = client.get("/console/nothing", headers={"Accept-Language": "ru"})
    assert answer.status_code == 404
    assert "Не найдено" in answer.text
    assert "Вернуться в консоль" in answer.text
    assert "<nav" not in answer.text


def test_htmx_gets_a_toast(client, as_ada):
    answer = client.post("/console/things", headers={**as_ada, "HX-Request": "true"})
    assert answer.status_code == 403
    assert answer.headers["hx-reswap"] == "none"
    toast = msgspec.json.decode(answer.headers["hx-trigger"])["toast"]
    assert toast["kind"] == "error"
    assert toast["text"].startswith("The request did not come from this site")


# --- units of work ---


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Conflict("Somebody was faster."), 409, "conflict"),
        (Unavailable("Later."), 503, "unavailable"),
        (RuntimeError("disk full"), 503, "not_stored"),
    ],
)
def test_a_failed_commit_is_told_before_any_answer(client, units, as_key, fault, status, code):
    units.fault = fault
    answer = client.post("/api/v1/things", json={"name": "x"}, headers=as_key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "disk" not in answer.text


def test_a_page_that_cannot_be_drawn_commits_nothing(client, units, as_ada):
    assert client.get("/console/broken", headers=as_ada).status_code == 500
    assert units.committed == []


# --- headers ---


@pytest.mark.parametrize("path", ["/api/v1/ping", "/console/nothing", "/api/v1/nothing", "/docs/"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


def test_https_has_hsts_and_the_host_cookie(build):
    with TestClient(build(settings={"public_url": "https://charge.example"})) as client:
        assert "max-age" in client.get("/api/v1/ping").headers["strict-transport-security"]
        assert client.get("/api/v1/things", headers={"Cookie": "css_session=ada"}).status_code == 401
        assert client.get("/api/v1/things", headers={"Cookie": "__Host-css_session=ada"}).status_code == 200


# --- next ---


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "",
        None,
        "/" * 3000,
        "/\t/evil.example",
        "\\\\evil",
        "evil",
        "/a\\b",
    ],
)
def test_only_local_paths_are_gone_to(path):
    assert edge.local_path(path) == "/console"


@pytest.mark.parametrize("path", ["/", "/console", "/console/things?q=1&x=%20#here"])
def test_local_paths_are_kept(path):
    assert edge.local_path(path) == path


def test_a_posted_next_leads_nowhere_else(client, as_ada, token):
    form = {"_csrf": token, "name": "x", "next": "//evil.example"}
    answer = client.post("/console/things", data=form, headers=as_ada, follow_redirects=False)
    assert answer.headers["location"] == "/console"


# --- the rest ---


def test_lists_come_in_pages(client, as_key):
    first = client.get("/api/v1/things?limit=9999", headers=as_key).json()
    assert len(first["items"]) == 500
    second = client.get("/api/v1/things?limit=500&cursor=" + first["next_cursor"], headers=as_key).json()
    assert len(second["items"]) == 100
    assert second["next_cursor"] is None
    assert second["items"][0]["name"] == "t500"


def test_a_bad_cursor_is_422(client, as_key):
    answer = client.get("/api/v1/things?cursor=!!", headers=as_key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.trust("I10")
def test_a_route_of_its_own_rate_says_when_to_come_back(client):
    for _ in range(2):
        assert client.post("/api/v1/scarce").status_code == 201
    answer = client.post("/api/v1/scarce")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 1000
    assert answer.headers["ratelimit-remaining"] == "0"


@pytest.mark.trust("I10")
def test_the_general_rate_counts_by_caller(build, as_key, as_ada):
    with TestClient(build(settings={"rate": edge.Rate(2, 3600)})) as client:
        assert client.get("/api/v1/things", headers=as_key).headers["ratelimit-remaining"] == "1"
        client.get("/api/v1/things", headers=as_key)
        assert client.get("/api/v1/things", headers=as_key).status_code == 429
        assert client.get("/api/v1/things", headers=as_ada).status_code == 200


def test_ready_follows_its_checks(build):
    async def good() -> None:
        return

    async def bad() -> None:
        msg = "no database"
        raise RuntimeError(msg)

    from prometheus_client import CollectorRegistry

    from ocpp_css.edge.app import Extras

    with TestClient(build(extras=Extras(checks={"a": good}, registry=CollectorRegistry()))) as client:
        assert client.get("/health/ready").status_code == 200
        client.app.state.streams.drain()
        assert client.get("/health/ready").status_code == 503
    with TestClient(build(extras=Extras(checks={"a": good, "b": bad}, registry=CollectorRegistry()))) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"a": "ok", "b": "failed"}
        assert client.get("/health/live").status_code == 200
        assert client.get("/metrics").status_code == 401


def test_options_is_answered(client):
    assert client.options("/api/v1/things").status_code == 204
