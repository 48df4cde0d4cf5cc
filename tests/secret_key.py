"""The secret key of databases that tests make without a whole service."""

from ocpp_css.kit.secrets import Secrets

SECRETS = Secrets(bytes(32))
