"""What notices offer, and what they keep about people."""

from collections.abc import Awaitable, Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.people.notices import api, pages
from ocpp_css.people.notices.jobs.postman import Postman
from ocpp_css.people.notices.jobs.writing import Writing
from ocpp_css.people.notices.service.choosing import Unsubscribing
from ocpp_css.people.notices.service.delivery import Console, Smtp, Transport, server_of
from ocpp_css.people.notices.service.posting import Post
from ocpp_css.people.notices.service.returns import Returns
from ocpp_css.people.notices.store import CHOICES, LETTERS, NOTICES


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Provides `services["post"]` and `["unsubscribing"]`; delivers letters where timed work is done."""
    post = wiring.services["post"] = Post(wiring.secrets)
    unsubscribing = wiring.services["unsubscribing"] = Unsubscribing(wiring.secrets)
    if not wiring.does_timed_work:
        return None
    site, sender = wiring.settings.site_url, sender_of(wiring.settings)
    writing = Writing(site, sender, unsubscribing, Returns(wiring.secrets))
    postman = Postman(wiring.db, post, writing, _transport(wiring.settings, sender))
    postman.begin()
    return postman.close


def sender_of(settings: Any) -> str:
    """Who letters come from: the setting, or noreply at the host of the service."""
    return settings.smtp_from or f"OCPP CSS <noreply@{urlsplit(settings.site_url).hostname or 'localhost'}>"


def _transport(settings: Any, sender: str) -> Transport:
    return Smtp(server_of(settings.smtp_url), parseaddr(sender)[1]) if settings.smtp_url else Console()


AREA = Area(
    name="people/notices",
    tables=[NOTICES, LETTERS, CHOICES],
    routes=[
        api.list_notices,
        api.mark_read,
        api.list_choices,
        api.set_choice,
        pages.bell,
        pages.notices_page,
        pages.read_all,
        pages.read_one,
        pages.keep_choices,
        pages.unsubscribe_page,
        pages.unsubscribe,
    ],
    templates=Path(__file__).parent / "templates",
    personal_data=[
        PersonalData(
            columns=["notices.user_id", "notices.notice", "notices.read_at"],
            purpose="Telling a person what concerns their account and its security",
            basis="Contract; duty to secure the service",
            keep_for="as long as the person has an account",
        ),
        PersonalData(
            columns=[
                "letters.user_id",
                "letters.address",
                "letters.name",
                "letters.language",
                "letters.time_zone",
                "letters.sealed",
            ],
            purpose="Sending letters, and showing that mandatory ones were delivered",
            basis="Contract; duty to inform",
            keep_for="90 days; the text until it is delivered",
        ),
        PersonalData(
            columns=["notice_choices.user_id", "notice_choices.by_mail"],
            purpose="Sending only the letters that a person wants",
            basis="Contract",
            keep_for="as long as the person has an account",
        ),
    ],
    start=start,
    dependencies={
        "post": lambda wiring: wiring.services["post"],
        "unsubscribing": lambda wiring: wiring.services["unsubscribing"],
    },
)
