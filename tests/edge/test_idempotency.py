import pytest

from ocpp_css.edge.idempotency import KeyReused, RememberedReplies, Reply, StillRunning


def test_the_same_request_happens_once(client, units, as_key):
    headers = {**as_key, "Idempotency-Key": "k1", "Accept-Encoding": "gzip"}
    first = client.post("/api/v1/things", json={"name": "x"}, headers=headers)
    again = client.post("/api/v1/things", json={"name": "x"}, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert units.committed == [(7, "x")]


def test_the_key_of_another_request_is_refused(client, as_key):
    headers = {**as_key, "Idempotency-Key": "k1"}
    client.post("/api/v1/things", json={"name": "x"}, headers=headers)
    answer = client.post("/api/v1/things", json={"name": "y"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(("name", "status"), [("taken", 409), ("", 422)])
def test_a_refusal_is_not_kept(client, units, as_key, name, status):
    headers = {**as_key, "Idempotency-Key": "k1"}
    assert client.post("/api/v1/things", json={"name": name}, headers=headers).status_code == status
    again = client.post("/api/v1/things", json={"name": "x"}, headers=headers)
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)


def test_a_failed_commit_can_be_tried_again(client, units, as_key):
    headers = {**as_key, "Idempotency-Key": "k1"}
    units.fault = RuntimeError("full")
    assert client.post("/api/v1/things", json={"name": "x"}, headers=headers).status_code == 503
    units.fault = None
    assert client.post("/api/v1/things", json={"name": "x"}, headers=headers).status_code == 201


def test_callers_do_not_share_keys(client, units, as_key, as_ada, token):
    client.post("/api/v1/things", json={"name": "x"}, headers={**as_key, "Idempotency-Key": "k1"})
    headers = {**as_ada, "X-CSRF-Token": token, "Idempotency-Key": "k1"}
    assert client.post("/api/v1/things", json={"name": "y"}, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256])
def test_a_key_must_be_usable(client, as_key, key):
    answer = client.post("/api/v1/things", json={"name": "x"}, headers={**as_key, "Idempotency-Key": key})
    assert answer.json()["code"] == "idempotency_key_invalid"


@pytest.mark.anyio
async def test_the_store_knows_running_reused_and_oldest():
    store = RememberedReplies(capacity=2)
    first = await store.begin(1, "a", b"f")
    with pytest.raises(StillRunning):
        await store.begin(1, "a", b"f")
    with pytest.raises(KeyReused):
        await store.begin(1, "a", b"other")
    assert not isinstance(await store.begin(2, "a", b"f"), Reply)
    reply = Reply(200, (), b"x")
    await first.keep(reply, None)
    await first.release()
    assert await store.begin(1, "a", b"f") == reply
    await store.begin(1, "b", b"f")
    again = await store.begin(1, "a", b"g")
    assert not isinstance(again, Reply)
    await again.release()
    assert not isinstance(await store.begin(1, "a", b"h"), Reply)
