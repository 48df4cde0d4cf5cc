"""The command line: `ocpp-css`."""

from ocpp_css.app.cli.main import main

__all__ = ["main"]
