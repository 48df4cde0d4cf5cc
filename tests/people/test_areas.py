"""The manifests: every personal column is claimed, every route is there once, every table too."""

from ocpp_css.people.access.area import AREA as ACCESS
from ocpp_css.people.accounts.area import AREA as ACCOUNTS
from ocpp_css.people.audit.area import AREA as AUDIT
from ocpp_css.people.tenants.area import AREA as TENANTS

AREAS = [AUDIT, TENANTS, ACCOUNTS, ACCESS]


def test_every_personal_column_is_claimed_by_its_area():
    for area in AREAS:
        personal = {
            f"{table.name}.{column.name}" for table in area.tables for column in table.c if column.info.get("personal")
        }
        claimed = [column for one in area.personal_data for column in one.columns]
        assert sorted(claimed) == sorted(personal), area.name


def test_every_area_says_what_its_data_is_for():
    for area in AREAS:
        assert all(one.purpose and one.basis and one.keep_for for one in area.personal_data)


def test_a_table_belongs_to_one_area():
    names = [table.name for area in AREAS for table in area.tables]
    assert len(names) == len(set(names))
