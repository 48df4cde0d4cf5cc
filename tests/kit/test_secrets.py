"""Keys that are not in the database."""

import stat
from pathlib import Path

import pytest

from ocpp_css.kit.secrets import Secrets, load_or_create


def test_each_purpose_has_a_key_of_its_own_the_same_at_every_start() -> None:
    secrets = Secrets(b"r" * 32)
    assert secrets.key("a") == Secrets(b"r" * 32).key("a")
    assert len({secrets.key("a"), secrets.key("b"), Secrets(b"s" * 32).key("a")}) == 3
    assert len(secrets.key("a")) == 32


def test_the_root_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret.key"
    first = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path).key("a") == first.key("a")
    assert first.key("a").hex() not in path.read_text()


def test_a_short_root_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Secrets(b"short")
