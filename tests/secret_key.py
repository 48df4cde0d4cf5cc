"""The keys of databases that tests make without a whole service."""

from ocpp_css.kit.secrets import Secrets
from ocpp_css.kit.wrapping import Keks
from ocpp_css.storage.people_keys import PeopleKeys
from ocpp_css.storage.sealing import Vault

SECRETS = Secrets(bytes(32))
KEK = bytes(32).hex()


def vault_of(url: str, kek: str = KEK, secrets: Secrets = SECRETS) -> Vault:
    """Keys of people beside the database: in a file of its folder, or in PostgreSQL itself."""
    where = f"{url.rpartition('/')[0]}/people.keys" if url.startswith("sqlite") else url
    return Vault(PeopleKeys(where, Keks.of_text(kek)), secrets)
