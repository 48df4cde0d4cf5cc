"""`ocpp-css keys`: the keys of people, and the keys that wrap them."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.cli.care import CareRefused, Where, settings_of
from ocpp_css.app.settings import KEK_FILE, PEOPLE_FILE, Settings

Place = Annotated[Where | None, Parameter(name="*")]


def register(app: App) -> None:
    """Add the commands."""
    keys = App(name="keys", help="The keys that personal data are sealed with: look, rotate, destroy.")
    for command in (status, rotate, retire, destroy):
        keys.command(command)
    app.command(keys)


def status(where: Place = None) -> None:
    """Show how many people have a key, and by which wrapping keys they are wrapped."""
    settings = _settings(where)
    _with_people(settings, _told)


def rotate(where: Place = None) -> None:
    """Make a new wrapping key, and wrap the keys of all people anew, while the service runs.

    Wrapping keys that are set in the environment are not made here: put the new one first, start the processes anew
    one after the other, then run this. Afterwards `keys retire` lets go of the old one.
    """
    from ocpp_css.kit.wrapping import keys_in, new_key, write_keys

    settings = _settings(where)
    if settings.people_kek is None:
        path = settings.data / KEK_FILE
        write_keys(path, [new_key(), *keys_in(path.read_text())])

    async def work(people: Any) -> None:
        _say(f"keys wrapped anew: {await people.rewrap()}")
        await _told(people)

    _with_people(settings, work)


def retire(where: Place = None) -> None:
    """Let go of wrapping keys that wrap nothing any more: what they once wrapped, nobody opens again."""
    from ocpp_css.kit.wrapping import keys_in, name_of, write_keys

    settings = _settings(where)

    async def work(people: Any) -> None:
        used = await people.needed()
        old = [name for name in people.keks.names()[1:] if name not in used]
        if settings.people_kek is not None:
            _say(f"take out of the environment: {', '.join(old) or 'none'}")
            return
        path = settings.data / KEK_FILE
        before = keys_in(path.read_text())
        write_keys(path, [key for key in before if name_of(key) not in old])
        if await people.needed() & set(old):
            write_keys(path, before)
            raise CareRefused("A key was wrapped by one of them meanwhile. Run keys rotate, then this again.")
        _say(f"gone: {', '.join(old) or 'none'}")

    _with_people(settings, work)


def destroy(
    person: str,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    where: Place = None,
) -> None:
    """Destroy the key of a person (an e-mail address, a user name, or an id): nothing about them is readable again.

    Their access ends, here and in every backup of the database; it cannot be undone, so it wants `--yes`.
    """
    if not yes:
        raise CareRefused("This cannot be undone. Say --yes if you mean it.")
    settings = _settings(where)
    _say(f"destroyed: {uvloop.run(_destroy(settings, person))}")


async def _destroy(settings: Settings, person: str) -> str:
    from ocpp_css.app.cli.administration import open_for
    from ocpp_css.people.access import commands

    db = await open_for(settings)
    try:
        return await commands.destroy_key_of(db, person)
    finally:
        await db.close()


def _settings(where: Where | None) -> Settings:
    settings = settings_of(where)
    if settings.people_keys_url.startswith("sqlite") and not (settings.data / PEOPLE_FILE).exists():
        raise CareRefused(f"There are no keys of people at {settings.data / PEOPLE_FILE}.")
    return settings


def _with_people(settings: Settings, work: Callable[[Any], Awaitable[None]]) -> None:
    async def run() -> None:
        people = settings.people()
        try:
            await work(people)
        finally:
            await people.close()

    uvloop.run(run())


async def _told(people: Any) -> None:
    counts = dict(await people.counts())
    _say(f"destroyed: {counts.pop('', 0)}")
    for place, name in enumerate(people.keks.names()):
        _say(f"wrapped by {name}{' (the newest)' if place == 0 else ''}: {counts.pop(name, 0)}")
    for name, count in counts.items():
        _say(f"wrapped by {name}, which is MISSING: {count}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
