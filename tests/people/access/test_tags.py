"""People, roles and invitations in REST: what one read is named by a tag; and the people as a file."""

import pytest
from tests.people.access.test_people import call, invite, number_of, tess  # noqa: F401 - a fixture

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-10")]


@pytest.mark.requirement("CS-11")
async def test_a_change_may_insist_on_what_was_read(ann, tess):  # noqa: F811 - the fixture
    path = f"/users/{await number_of(tess)}"
    read = await ann.get(f"/api/v1{path}")
    seen = read.headers["etag"]
    again = await ann.get(f"/api/v1{path}", headers={"If-None-Match": f'"x", W/{seen}'})
    assert (again.status_code, again.text, again.headers["etag"]) == (304, "", seen)
    first = await call(ann, "PATCH", path, {"role": "viewer"}, **{"If-Match": seen})
    assert first.status_code == 200
    for verb, body in (("PATCH", {"role": "operator"}), ("DELETE", None)):
        told = await call(ann, verb, path, body, **{"If-Match": seen})
        assert (told.status_code, told.json()["code"]) == (412, "changed_meanwhile")
    assert (await ann.get(f"/api/v1{path}")).json() == first.json()
    fresh = (await ann.get(f"/api/v1{path}")).headers["etag"]
    assert (await call(ann, "DELETE", path, **{"If-Match": fresh})).status_code == 204


async def test_invitations_and_roles_have_tags_too(ann, wiring):
    made, _ = await invite(ann, wiring)
    path = f"/invitations/{made['id']}"
    seen = (await ann.get(f"/api/v1{path}")).headers["etag"]
    assert (await ann.get(f"/api/v1{path}")).json() == made
    wiring.db.clock.go(minutes=1)
    assert (await call(ann, "POST", f"{path}/resend", **{"If-Match": seen})).status_code == 200
    for verb, ends in (("POST", "/resend"), ("DELETE", "")):
        assert (await call(ann, verb, path + ends, **{"If-Match": seen})).status_code == 412
    assert (await call(ann, "DELETE", path, **{"If-Match": "*"})).status_code == 204
    assert (await ann.get(f"/api/v1{path}")).status_code == 404
    for listed in ("roles", "users", "invitations"):
        tag = (await ann.get(f"/api/v1/{listed}")).headers["etag"]
        assert (await ann.get(f"/api/v1/{listed}", headers={"If-None-Match": tag})).status_code == 304


async def test_people_are_exported_as_csv_and_the_log_says_so(ann, tess):  # noqa: F811 - the fixture
    assert "/console/people/~export.csv?role=technician" in (await ann.get("/console/people?role=technician")).text
    told = await ann.get("/console/people/~export.csv?role=technician")
    assert told.headers["content-type"].startswith("text/csv")
    lines = told.text.splitlines()
    assert lines[0] == '"id","name","email","username","role","joined_at","is_frozen"'
    assert len(lines) == 2
    assert '"Tess","tess@example.org","","technician","2026-03-01T12:00:00' in lines[1]
    assert len((await ann.get("/console/people/~export.csv")).text.splitlines()) == 3
    log = (await ann.get("/api/v1/audit?action=member.exported")).json()["items"]
    assert [one["actor_name"] for one in log] == ["Ann", "Ann"]
    assert (await tess.get("/console/people/~export.csv")).status_code == 403
