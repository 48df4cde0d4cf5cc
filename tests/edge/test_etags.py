"""Tags of JSON answers: by content, for whole answers alone."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.edge.etags import ChangedMeanwhile, etag_of, must_match


class Thing(msgspec.Struct):
    name: str


def test_an_answer_that_one_has_is_not_sent_again(client, as_key):
    path = "/api/v1/things/5"
    first = client.get(path, headers=as_key)
    assert first.headers["etag"] == etag_of(first.content)
    for held in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = client.get(path, headers={**as_key, "If-None-Match": held})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-type" not in again.headers
        assert again.headers["x-content-type-options"] == "nosniff"
    assert client.get(path, headers={**as_key, "If-None-Match": '"other"'}).content == first.content


def test_pages_refusals_and_writes_have_no_tag(client, as_ada, as_key):
    assert "etag" not in client.get("/console/things", headers=as_ada).headers
    assert "etag" not in client.get("/api/v1/things").headers
    assert "etag" not in client.post("/api/v1/things", json={"name": "x"}, headers=as_key).headers


@given(st.text(), st.text())
def test_a_change_is_refused_where_the_content_is_another(read, now):
    etag = etag_of(msgspec.json.encode(Thing(read)))
    must_match(None, Thing(now))
    must_match("*", Thing(now))
    if read == now:
        must_match(f'"x" , {etag}', Thing(now))
    else:
        with pytest.raises(ChangedMeanwhile):
            must_match(etag, Thing(now))
