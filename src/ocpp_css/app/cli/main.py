"""`ocpp-css` and its commands; every option is also `OCPP_CSS_…` and a key of ocpp-css.toml."""

import sys
from importlib.metadata import version
from typing import Annotated

import cyclopts
import uvloop
from cyclopts import App, Parameter
from cyclopts.config import Env, Toml

from ocpp_css.app.cli import administration, care, doctor, keys, mail, remote
from ocpp_css.app.settings import Settings
from ocpp_css.kit.errors import Refusal

EXIT_REFUSED = 1
EXIT_USAGE = 2

_FILE = Toml("ocpp-css.toml", search_parents=False, allow_unknown=True, use_commands_as_keys=False)
app = App(
    name="ocpp-css",
    help="OCPP Central System as a Service: one server for charging stations of every OCPP version.",
    version=version("ocpp-css"),
    config=[
        Env("OCPP_CSS_", command=False),
        _FILE,
    ],
)
administration.register(app)
care.register(app)
doctor.register(app)
keys.register(app)
mail.register(app)
remote.register(app)


@app.command
def serve(settings: Annotated[Settings | None, Parameter(name="*")] = None) -> None:
    """Run the service, in one process or several; prints `ready` when all ports answer."""
    from ocpp_css.app import serving
    from ocpp_css.observe import logs

    logs.configure()
    uvloop.run(serving.serve(settings or Settings()))


@app.command
def demo(*, web_port: int = 8080, station_port: int = 9220, host: str | None = None) -> None:
    """Run the service in a throw-away directory with a demo account and five emulated stations that charge."""
    from ocpp_css.app.demo import run_demo
    from ocpp_css.observe import logs

    logs.configure()
    uvloop.run(run_demo(web_port=web_port, station_port=station_port, host=host))


app.command("ocpp_css.simulator.cli:emulate", config=[Env("OCPP_CSS_EMULATE_", command=False), _FILE])
app.command("ocpp_css.app.cli.bench:bench")


def main() -> None:
    """Run the command; 0 ok, 1 refused, 2 usage."""
    try:
        result = app(exit_on_error=False, print_error=True, result_action="return_value")
        sys.exit(result if isinstance(result, int) else 0)
    except cyclopts.CycloptsError:
        sys.exit(EXIT_USAGE)
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.title}: {refusal.detail}\n")
        sys.exit(EXIT_REFUSED)
    except BrokenPipeError:
        sys.exit(0)
    except (OSError, remote.Refused) as fault:
        sys.stderr.write(f"{fault}\n")
        sys.exit(EXIT_REFUSED)
