"""Letters that come back later, as reports of mail servers in the shapes that these give them (RFC 3464)."""

import base64

import pytest
from tests.mail_server import mail_server
from tests.people.notices.test_letters import ALARM, BOB, NOTHING, letters, postman_for, tell

from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.notices import Person, Post, store
from ocpp_css.people.notices.commands import bounced
from ocpp_css.people.notices.errors import ReportUnreadable
from ocpp_css.people.notices.service.returns import LARGEST, Returns
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("ACC-10")]

POSTFIX = """\
Return-Path: <>
Received: by mx.css.example.org (Postfix) id 4F2A91C0012; Sun, 1 Mar 2026 12:00:07 +0000 (UTC)
Date: Sun, 1 Mar 2026 12:00:07 +0000 (UTC)
From: MAILER-DAEMON@mx.css.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: noreply@css.example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4F2A91C0012.1772366407/mx.css.example.org"
Message-Id: <20260301120007.4F2A91C0013@mx.css.example.org>

This is a MIME-encapsulated message.

--4F2A91C0012.1772366407/mx.css.example.org
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<bob@example.org>: host mx.example.org[192.0.2.25] said: 550 5.1.1
    <bob@example.org>: Recipient address rejected: User unknown (in reply to RCPT TO command)

--4F2A91C0012.1772366407/mx.css.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.css.example.org
X-Postfix-Queue-ID: 4F2A91C0012
Arrival-Date: Sun, 1 Mar 2026 12:00:05 +0000 (UTC)

Final-Recipient: rfc822; bob@example.org
Original-Recipient: rfc822;bob@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: Recipient address rejected:
    User unknown

--4F2A91C0012.1772366407/mx.css.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <noreply@css.example.org>
Subject: A new sign-in
From: CSS <noreply@css.example.org>
To: bob@example.org
Message-ID: <{reference}@css.example.org>
X-Letter: {reference}

--4F2A91C0012.1772366407/mx.css.example.org--
"""

EXIM = """\
Return-path: <>
Received: from Debian-exim by mx.css.example.org with local (Exim 4.97) id 1rgP0a-0001ab-2C
X-Failed-Recipients: bob@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.css.example.org>
To: noreply@css.example.org
Content-Type: multipart/report; report-type=delivery-status; boundary=1772366407-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1772366407-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

  bob@example.org
    host mx.example.org [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<BOB@example.org>:
    550 No such person at this address

--1772366407-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.css.example.org

Action: failed
Final-Recipient: rfc822;bob@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 No such person at this address: BOB@example.org

--1772366407-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <noreply@css.example.org>
Subject: A new sign-in
From: CSS <noreply@css.example.org>
To: bob@example.org
Message-ID: <{reference}@css.example.org>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="==cut=="

--==cut==
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

SGVsbG8gQm9iLA==

--1772366407-eximdsn-1804289383--
"""

EXCHANGE = """\
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>
To: <noreply@css.example.org>
Subject: =?utf-8?B?VW56dXN0ZWxsYmFyOiBBIG5ldyBzaWduLWlu?=
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_f1e2_"
MIME-Version: 1.0

--_f1e2_
Content-Type: multipart/alternative; boundary="_aa11_"

--_aa11_
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PHA+RGllIE5hY2hyaWNodCBrb25udGUgbmljaHQgenVnZXN0ZWxsdCB3ZXJkZW4uPC9wPg==
--_aa11_--

--_f1e2_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mx.css.example.org
Arrival-Date: Sun, 1 Mar 2026 12:00:06 +0000

Original-Recipient: rfc822;bob@example.org
Final-Recipient: rfc822;bob@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient
 bob@example.org not found by SMTP address lookup
X-Display-Name: bob@example.org

--_f1e2_
Content-Type: message/rfc822

Received: from mx.css.example.org (203.0.113.5) by AM0PR01MB1234
Subject: A new sign-in
From: CSS <noreply@css.example.org>
To: <bob@example.org>
Message-ID: <{reference}@css.example.org>

--_f1e2_--
"""

RELAY = """\
From: Mail Delivery Subsystem <mailer-daemon@relay.example.net>
To: noreply@css.example.org
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; boundary="000000000000d"; report-type=delivery-status
MIME-Version: 1.0

--000000000000d
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

The address couldn=E2=80=99t be found.

--000000000000d
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.net

Final-Recipient: rfc822; bob@example.org
ACTION: Failed
Status: 5.2.1 (mailbox disabled)
Diagnostic-Code: smtp; 550-5.2.1 The account is inactive.

--000000000000d
Content-Type: text/rfc822-headers; charset="utf-8"
Content-Transfer-Encoding: base64

{encoded}
--000000000000d--
"""
REWRITTEN = """\
From: CSS <noreply@css.example.org>
Message-ID: <0102018e-relay@relay.example.net>
X-Letter: {reference}
"""

GAVE_UP = POSTFIX.replace("Status: 5.1.1", "Status: 4.4.1").replace(
    "smtp; 550 5.1.1 <bob@example.org>: Recipient address rejected:\n    User unknown",
    "X-Postfix; connect to mx.example.org[192.0.2.25]:25: Connection timed out",
)
DELAYED = GAVE_UP.replace("Action: failed", "Action: delayed")
ARRIVED = POSTFIX.replace("Action: failed", "Action: delivered").replace("Status: 5.1.1", "Status: 2.0.0")
REPLY = "From: bob@example.org\nTo: noreply@css.example.org\nSubject: Re: A new sign-in\n\nOn {reference} I am away.\n"


@pytest.fixture
async def box(anyio_backend):
    async with mail_server() as found:
        yield found


@pytest.fixture
def post(db):
    return Post(db.vault.secrets)


async def sent(db, post, box, person=BOB):
    """The name of a letter that a mail server took."""
    await tell(db, post, ALARM, NOTHING, person)
    await postman_for(db, post, box.url).deliver()
    return str(box.letters[-1]["X-Letter"])


def report(shape, reference):
    encoded = base64.encodebytes(REWRITTEN.replace("{reference}", reference).encode()).decode()
    return shape.replace("{reference}", reference).replace("{encoded}", encoded).encode()


async def told(db):
    return [one.notice.title for one in await store.unread(db.unit(PROVIDER), BOB.user_id, 10)]


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        (POSTFIX, "5.1.1 550 5.1.1 <…>: Recipient address rejected: User unknown"),
        (EXIM, "5.0.0 550 No such person at this address: …"),
        (EXCHANGE, "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient … not found by SMTP address lookup"),
        (RELAY, "5.2.1 550-5.2.1 The account is inactive."),
    ],
    ids=["postfix", "exim", "exchange", "relay"],
)
async def test_a_letter_that_comes_back_is_kept_as_refused_and_its_reader_is_told(db, post, box, shape, answer):
    reference = await sent(db, post, box)
    assert (await bounced(db, report(shape, reference))).endswith(": refused")
    (kept,) = await letters(db)
    assert (kept.state, kept.answer) == ("refused", answer)
    assert kept.sent_at is not None
    assert await told(db) == ["A letter to you came back", "A new sign-in"]


async def test_a_letter_that_a_server_gave_up_is_given_up(db, post, box):
    await bounced(db, report(GAVE_UP, await sent(db, post, box)))
    (kept,) = await letters(db)
    assert (kept.state, kept.answer[:14]) == ("given_up", "4.4.1 connect ")


@pytest.mark.parametrize("shape", [DELAYED, ARRIVED], ids=["delayed", "arrived"])
async def test_a_report_of_no_failure_changes_nothing(db, post, box, shape):
    assert (await bounced(db, report(shape, await sent(db, post, box)))).startswith("nothing to do")
    assert (await letters(db))[0].state == "sent"


async def test_the_same_report_twice_and_more_letters_tell_the_reader_once(db, post, box):
    first = report(POSTFIX, await sent(db, post, box))
    await bounced(db, first)
    assert (await bounced(db, first)).startswith("nothing to do")
    await bounced(db, report(EXIM, await sent(db, post, box)))
    assert (await told(db)).count("A letter to you came back") == 1


async def test_who_refuses_at_once_is_told_of_in_the_console_too(db, post, box):
    box.answers[BOB.email] = "550 <bob@example.org> no such mailbox"
    await tell(db, post)
    await postman_for(db, post, box.url).deliver()
    assert "A letter to you came back" in await told(db)
    assert BOB.email not in (await letters(db))[0].answer


@pytest.mark.trust("A63")
async def test_a_report_is_believed_only_where_it_names_a_letter_that_its_writer_had(db, post, box):
    reference = await sent(db, post, box)
    name = reference.partition(".")[0]
    for forged in (f"{name}.{'0' * 32}", Returns(Secrets(bytes(range(32)))).reference(1), name, ""):
        with pytest.raises(ReportUnreadable):
            await bounced(db, report(POSTFIX, forged))
    assert (await letters(db))[0].state == "sent"


async def test_what_is_no_report_is_refused(db, post, box):
    reference = await sent(db, post, box)
    for text in (report(REPLY, reference), b"", b"\xff\x00" * 100, b"a" * (2 * LARGEST)):
        with pytest.raises(ReportUnreadable):
            await bounced(db, text)
    assert (await letters(db))[0].state == "sent"


async def test_a_letter_to_somebody_who_is_nobody_yet_comes_back_without_a_notice(db, post, box):
    stranger = Person(user_id=0, email="new@example.org", name="", language="en", time_zone="UTC")
    unit = db.unit(PROVIDER)
    post.write(unit, stranger, ALARM)
    await unit.commit()
    await postman_for(db, post, box.url).deliver()
    assert (await bounced(db, report(POSTFIX, str(box.letters[-1]["X-Letter"])))).endswith(": refused")


async def test_a_letter_that_is_forgotten_is_nothing_to_do(db, post, box):
    assert (await bounced(db, report(POSTFIX, Returns(db.vault.secrets).reference(77)))).startswith("nothing to do")
