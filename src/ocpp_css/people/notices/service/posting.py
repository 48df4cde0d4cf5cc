"""Writing notices and letters: rows beside what they tell of, so neither stands without the other."""

from datetime import timedelta

import msgspec

from ocpp_css.kit.ids import public
from ocpp_css.kit.sealing import Seal
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.notices import store
from ocpp_css.people.notices.model import Attachment, Contents, Letter, Notice, Person
from ocpp_css.people.notices.service.choosing import wanted
from ocpp_css.storage import Unit

WAITING = "letters.0"
"""Told when letters wait, so that they go out at once."""
_NOTHING = Attachment()


class Post:
    """Takes notices; a unit of the service itself (tenant PROVIDER) keeps them."""

    def __init__(self, secrets: Secrets) -> None:
        self._seal = Seal(secrets.key("letters"))

    async def tell(self, unit: Unit, person: Person, notice: Notice, attachment: Attachment = _NOTHING) -> None:
        """Show the notice in the console, and send it by letter where the person wants such, or must have them."""
        self.show(unit, person, notice)
        if await wanted(unit, person.user_id, notice.category):
            self.write(unit, person, notice, attachment)

    @staticmethod
    def show(unit: Unit, person: Person, notice: Notice) -> None:
        """Show the notice in the console, at once where the person looks."""
        number = store.add_notice(unit, person.user_id, notice)
        unit.tell(topic_of(person.user_id), {"id": public(number), "category": notice.category})

    def write(
        self, unit: Unit, person: Person, notice: Notice, attachment: Attachment = _NOTHING,
        *, after: timedelta = timedelta(0),
    ) -> int:  # fmt: skip
        """Send a letter, not before `after`; its number."""
        number = unit.new_id()
        letter = Letter(
            letter_id=number, user_id=person.user_id, address=person.email, name=person.name,
            category=notice.category, language=person.language, time_zone=person.time_zone,
            sealed=self._seal.close(msgspec.json.encode(Contents(notice, attachment)), _place(number)),
            state="waiting", tries=0, next_at=unit.now + after, created_at=unit.now, sent_at=None, answer="", version=1,
        )  # fmt: skip
        store.add_letter(unit, letter)
        unit.tell(WAITING, {"id": public(number)})
        return number

    def contents(self, letter: Letter) -> Contents:
        """What a letter says, as long as it waits."""
        return msgspec.json.decode(self._seal.open(letter.sealed, _place(letter.letter_id)), type=Contents)


def topic_of(user_id: int) -> str:
    """Where a person's notices are told as they come."""
    return f"notices.{user_id}"


def _place(number: int) -> str:
    return f"letters/{number}"
