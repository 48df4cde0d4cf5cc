"""Letters go out by a real mail server, are tried again, come back, and are kept from those who want none."""

import pytest
from sqlalchemy import select
from tests.mail_server import code_of, mail_server, path_of, text_of

from ocpp_css.kit.ids import public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.notices import Attachment, Notice, Person, Post, store
from ocpp_css.people.notices.area import sender_of
from ocpp_css.people.notices.jobs.postman import CLAIMED_FOR, WAITS, Postman
from ocpp_css.people.notices.jobs.writing import Writing
from ocpp_css.people.notices.service.choosing import Unsubscribing, choose
from ocpp_css.people.notices.service.delivery import Smtp, SmtpUrlInvalid, server_of
from ocpp_css.people.notices.service.returns import Returns
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("ACC-10")]
BOB = Person(user_id=7, email="bob@example.org", name="Bob", language="en", time_zone="UTC")
ALARM = Notice(
    category="security", title="A new sign-in", text="Somebody signed in as {name}.", values={"name": "Bob <b>"},
    facts=[("Device", "Firefox on Linux")], path="/console/me/sessions", action="Sessions",
)  # fmt: skip
FAULT = Notice(category="operation", title="A station is faulted", text="Look at it.")
NOTHING = Attachment()
SITE = "https://css.example.org"


@pytest.fixture
async def box(anyio_backend):
    async with mail_server() as found:
        yield found


@pytest.fixture
def post():
    return Post(Secrets(bytes(32)))


def postman_for(db, post, url):
    unsubscribing = Unsubscribing(Secrets(bytes(32)))
    writing = Writing(SITE, "CSS <noreply@css.example.org>", unsubscribing, Returns(db.vault.secrets))
    return Postman(db, post, writing, Smtp(server_of(url), "noreply@css.example.org"))


async def letters(db):
    return await store.letters_of(db.unit(PROVIDER), BOB.user_id, 100)


async def tell(db, post, notice=ALARM, attachment=NOTHING, person=BOB):
    unit = db.unit(PROVIDER)
    await post.tell(unit, person, notice, attachment)
    await unit.commit()


async def test_a_letter_has_text_and_html_and_what_only_it_says(db, post, box):
    await tell(db, post, attachment=Attachment(code="12345678", not_me="/not-me/x"))
    assert await postman_for(db, post, box.url).deliver() == 1
    letter = await box.to(BOB.email)
    assert letter["Subject"] == "A new sign-in"
    assert letter["From"] == "CSS <noreply@css.example.org>"
    assert letter["List-Unsubscribe"] is None
    text = text_of(letter)
    assert "Hello Bob," in text
    assert "Somebody signed in as Bob <b>." in text
    assert code_of(letter) == "12345678"
    assert path_of(letter, "/not-me/") == "/not-me/x"
    html = letter.get_body(("html",)).get_content()
    assert "Bob &lt;b&gt;" in html
    assert f'href="{SITE}/console/me/sessions"' in html
    (kept,) = await letters(db)
    assert (kept.state, kept.sealed, kept.answer) == ("sent", "", "250 taken") or kept.answer.startswith("taken")


async def test_what_a_letter_says_cannot_be_read_in_the_database(db, post):
    await tell(db, post, attachment=Attachment(code="12345678"))
    rows = await db.unit(PROVIDER).all(select(store.LETTERS))
    assert "12345678" not in str(rows)
    assert "12345678" not in str(await db.unit(PROVIDER).all(select(store.NOTICES)))


@pytest.mark.requirement("USE-9")
async def test_a_letter_is_in_the_language_and_the_time_zone_of_the_person(db, post, box):
    person = Person(user_id=7, email="vera@example.org", name="Иван", language="ru", time_zone="Europe/Moscow")
    await tell(db, post, Notice(category="security", title="Password", text="Password"), person=person)
    await postman_for(db, post, box.url).deliver()
    letter = await box.to("vera@example.org")
    assert letter["Subject"] == "Пароль"
    assert "Здравствуйте, Иван!" in text_of(letter)
    assert "15:00:00 +0300" in text_of(letter)


async def test_a_letter_that_cannot_go_now_goes_later_and_less_and_less_often(db, post, box, clock):
    box.answers[BOB.email] = "451 try later"
    await tell(db, post)
    postman = postman_for(db, post, box.url)
    for wait in WAITS[:3]:
        assert await postman.deliver() == 1
        assert await postman.deliver() == 0
        clock.now += wait
    box.answers.clear()
    assert await postman.deliver() == 1
    assert (await letters(db))[0].state == "sent"
    assert len(box.letters) == 1


async def test_a_server_that_is_away_loses_no_letter(db, post, box, clock):
    await tell(db, post)
    away = postman_for(db, post, "smtp://127.0.0.1:9")
    await away.deliver()
    clock.now += WAITS[0]
    await postman_for(db, post, box.url).deliver()
    assert (await letters(db))[0].state == "sent"


async def test_after_the_last_wait_a_letter_is_given_up_and_forgotten(db, post, box, clock):
    box.answers[BOB.email] = "451 try later"
    await tell(db, post)
    postman = postman_for(db, post, box.url)
    for wait in (*WAITS, CLAIMED_FOR):
        await postman.deliver()
        clock.now += wait
    (kept,) = await letters(db)
    assert (kept.state, kept.sealed) == ("given_up", "")


async def test_an_address_that_does_not_exist_is_recorded_and_not_tried_again(db, post, box, clock):
    box.answers[BOB.email] = "550 no such mailbox"
    await tell(db, post)
    postman = postman_for(db, post, box.url)
    await postman.deliver()
    (kept,) = await letters(db)
    assert kept.state == "refused"
    assert "550" in kept.answer
    clock.go(days=2)
    assert await postman.deliver() == 0


async def test_two_postmen_deliver_a_letter_once(db, post, box):
    await tell(db, post)
    (letter,) = await letters(db)
    first, second = postman_for(db, post, box.url), postman_for(db, post, box.url)
    assert await first._claim(letter)
    assert not await second._claim(letter)


async def test_letters_of_stations_can_be_left_and_carry_the_way_out(db, post, box, browser):
    await tell(db, post, FAULT)
    await postman_for(db, post, box.url).deliver()
    letter = await box.to(BOB.email)
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link.removeprefix(SITE)
    assert "Shall letters" in (await browser.get(path)).text
    done = await browser.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    await tell(db, post, FAULT)
    assert len(await letters(db)) == 1
    assert (await browser.get(path[:-1] + "x")).status_code == 404
    assert (await browser.client.post(path.replace("operation", "news"))).status_code == 404


async def test_security_letters_cannot_be_left(db, post, box, ann):
    answer = await ann.client.put("/api/v1/me/letters/security", json={"by_mail": False}, headers=headers(ann))
    assert answer.status_code == 422
    link = Unsubscribing(Secrets(bytes(32))).path(BOB.user_id, "security")
    assert (await ann.client.post(link)).status_code == 422
    await tell(db, post)
    assert len(await letters(db)) == 1


def headers(browser):
    return {"X-CSRF-Token": browser.csrf, "Origin": "http://testserver.local"}


async def test_a_person_chooses_and_reads_their_notices_and_no_others(db, ann, wiring):
    me = (await ann.get("/api/v1/me")).json()
    unit = db.unit(PROVIDER)
    from ocpp_css.kit.ids import parse_public

    person = Person(user_id=parse_public(me["id"]), email="x@y.z", name="", language="en", time_zone="UTC")
    post = wiring.services["post"]
    await post.tell(unit, person, ALARM)
    await post.tell(unit, BOB, ALARM)
    await unit.commit()
    (shown,) = (await ann.get("/api/v1/me/notices")).json()["items"]
    assert shown["text"] == "Somebody signed in as Bob <b>."
    assert not shown["is_read"]
    assert ">1<" in (await ann.get("/console/me/notices/bell")).text
    page = await ann.get("/console/me/notices")
    assert "A new sign-in" in page.text
    rows = await db.unit(PROVIDER).all(select(store.NOTICES.c.notice_id, store.NOTICES.c.user_id))
    foreign = next(public(row.notice_id) for row in rows if row.user_id == BOB.user_id)
    assert (await ann.post(f"/console/me/notices/{foreign}/read")).status_code == 404
    answer = await ann.post(f"/console/me/notices/{shown['id']}/read")
    assert answer.headers["location"] == "/console/me/sessions"
    assert (await ann.get("/api/v1/me/notices")).json()["items"][0]["is_read"]
    chosen = (await ann.get("/api/v1/me/letters")).json()
    assert {one["category"] for one in chosen if one["is_mandatory"]} == {"security", "account"}
    await ann.post("/console/me/notices/choices", {"mail": "news"})
    chosen = {one["category"]: one["by_mail"] for one in (await ann.get("/api/v1/me/letters")).json()}
    assert chosen == {"security": True, "account": True, "operation": False, "news": True}


async def test_a_waiting_letter_goes_out_at_once(db, post, box):
    postman = postman_for(db, post, box.url)
    running = postman.begin()
    await tell(db, post)
    await box.to(BOB.email)
    await postman.close()
    assert running.done()


async def test_a_choice_of_the_one_is_none_of_the_other(db, post):
    unit = db.unit(PROVIDER)
    choose(unit, 8, "operation", by_mail=False)
    await unit.commit()
    await tell(db, post, FAULT)
    assert len(await letters(db)) == 1


async def test_old_letters_are_removed(db, post, box, clock):
    await tell(db, post)
    postman = postman_for(db, post, box.url)
    await postman.deliver()
    clock.go(days=91)
    assert await postman.tidy() == 1
    assert await letters(db) == []


async def test_the_address_of_the_mail_server_is_read():
    assert server_of("smtp://mail.example").port == 587
    secured = server_of("smtps://ann%40x:p%2Fw@mail.example")
    assert (secured.user, secured.password, secured.port, secured.is_tls) == ("ann@x", "p/w", 465, True)
    assert server_of("smtp://ann:pw@mail.example").starttls is True
    assert server_of("smtp://ann:pw@mail.example?starttls=never").starttls is False
    for wrong in ("http://x", "smtp://", "smtp://x:notaport"):
        with pytest.raises(SmtpUrlInvalid):
            server_of(wrong)


async def test_letters_come_from_the_host_of_the_service():
    from ocpp_css.app.settings import Settings

    assert sender_of(Settings(public_url=SITE)) == "OCPP CSS <noreply@css.example.org>"
    assert sender_of(Settings(smtp_from="X <x@y.z>")) == "X <x@y.z>"
