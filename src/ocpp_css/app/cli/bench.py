"""`ocpp-css bench`: the benchmarks, which live in the source code's `bench` folder."""

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ocpp_css.kit.errors import Refusal

Flag = Parameter(negative="")


class NoCheckout(Refusal):
    """The benchmarks are not part of the installed package."""

    code = "no_checkout"
    title = "There are no benchmarks here"
    explanation = (
        "They are part of the source code, not of the installed package: get the source code, run `make setup` there, "
        "and then `make bench`."
    )


def bench(
    *rows: str,
    quick: Annotated[bool, Flag] = False,
    seconds: float | None = None,
    connections: int | None = None,
    write_docs: Annotated[bool, Flag] = False,
    results: Path | None = None,
    python_generator: Annotated[bool, Flag] = False,
) -> int:
    """Measure messages per second, latency and memory on this machine, beside the package `ocpp` and a server in C.

    Takes about 15 minutes. The exit code is 1 when a row could not be measured, and 0 whatever the figures are.

    Parameters
    ----------
    rows
        Only these rows or groups of rows, for example `heartbeat package-heartbeat` or `flood`; a wrong name shows all.
    quick
        Fewer rows and shorter, about six minutes.
    seconds
        How long each row is measured.
    connections
        So many stations in every row.
    write_docs
        Write docs/benchmarks.md too.
    results
        Where the results go, instead of bench/results/latest.json.
    python_generator
        Use the load generator in Python, as where there is no C compiler.

    """
    given = {} if results is None else {"results": results.absolute()}
    chosen = {"rows": rows, "quick": quick, "seconds": seconds, "connections": connections}
    return _run(**chosen, write_docs=write_docs, python_generator=python_generator, **given)


def _run(**options: Any) -> int:
    command = _command()
    return int(command.run(command.Options(**options)))


def _command() -> Any:
    """The `bench` package of the source code that this program runs from."""
    checkout = Path(__file__).resolve().parents[4]
    if not (checkout / "bench" / "command.py").exists():
        raise NoCheckout
    sys.path.insert(0, str(checkout))
    return importlib.import_module("bench.command")
