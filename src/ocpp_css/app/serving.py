"""`ocpp-css serve`: runs until it is told to stop, and says where it is."""

import asyncio
import signal
import sys

from ocpp_css.app.running import Service, running
from ocpp_css.app.settings import Settings
from ocpp_css.app.supervising import supervise
from ocpp_css.people import accounts


async def serve(settings: Settings) -> None:
    """Print the addresses, on first start the link that makes the first administrator, and `ready`."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if settings.workers > 1:
        await supervise(settings, stopping, say)
        return
    async with running(settings) as service:
        await announce(service)
        await stopping.wait()
        say("stopping: answers are finished, stations are told to come again")


async def announce(service: Service) -> None:
    """Where the service is, and how the first administrator gets in."""
    settings = service.settings
    if settings.serves_people:
        say(f"console   {service.web_url}/console")
        say(f"API       {service.web_url}/api/v1   {service.web_url}/docs/")
    else:
        say(f"health    {service.web_url}/health/ready")
    if settings.role != "worker":
        say(f"stations  {service.station_url}/{{identity}}")
        if service.station_tls_url:
            say(f"stations  {service.station_tls_url}/{{identity}}")
    path = await accounts.open_first_start(service.wiring.db) if settings.serves_people else None
    if path is not None:
        say(f"first administrator: open {service.web_url}{path} (works once)")
    say("ready")


def say(text: str) -> None:
    """One line for the person who started the service, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
