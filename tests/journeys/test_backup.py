"""A backup is for its owner's eyes, and what is restored from it as well."""

import stat
from pathlib import Path

import pytest
from tests.running import whole_service

from ocpp_css.app.cli import care
from ocpp_css.app.settings import DATABASE_FILE, SECRET_FILE

pytestmark = pytest.mark.anyio


async def test_a_backup_is_for_its_owner_alone(tmp_path: Path) -> None:
    data, copy, restored = tmp_path / "data", tmp_path / "copy", tmp_path / "restored"
    async with whole_service(data):
        care.backup(copy, data=data)
    care.restore(copy, data=restored)
    for folder in (copy, restored):
        for name in (DATABASE_FILE, SECRET_FILE):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert (restored / SECRET_FILE).read_bytes() == (data / SECRET_FILE).read_bytes()
