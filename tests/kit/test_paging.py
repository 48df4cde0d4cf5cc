from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.kit.errors import Invalid
from ocpp_css.kit.paging import BadCursor, Cursor, Page, page_of, page_request

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
VALUES = st.one_of(
    st.none(), st.text(max_size=50), st.integers(-(2**63) + 1, 2**63 - 1), st.booleans(),
    st.datetimes(timezones=st.just(UTC)), st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(VALUES, st.one_of(st.integers(0, 2**63 - 1), st.text(max_size=40)))
def test_a_cursor_comes_back_as_it_was(value, row):
    cursor = Cursor("-at", value, row)
    assert Cursor.decode(cursor.encode(), "-at") == cursor


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text):
    with pytest.raises(BadCursor):
        Cursor.decode(text, "id")


@pytest.mark.parametrize(
    "raw",
    ["[]", "{}", '["id",1]', '["id",{"t":"2026-01-01T00:00:00"},1]', '["id",{"x":1},1]', '["id",[1],1]',
     '["id",1,true]', '["id",1,null]', '["id",1,99999999999999999999999]', '["id",99999999999999999999,1]', "[" * 500],
)  # fmt: skip
def test_a_forged_cursor_is_refused(raw):
    import base64

    with pytest.raises(BadCursor):
        Cursor.decode(base64.urlsafe_b64encode(raw.encode()).decode(), "id")


def test_a_cursor_of_another_order_is_refused():
    with pytest.raises(BadCursor):
        page_request(cursor=Cursor("id", 1, 1).encode(), sort="-id")


def test_a_cursor_whose_id_is_of_another_type_is_refused():
    with pytest.raises(BadCursor):
        page_request(cursor=Cursor("id", None, "x").encode())
    assert page_request(cursor=Cursor("id", None, "x").encode(), ids=str).after == Cursor("id", None, "x")


@pytest.mark.parametrize(("limit", "clamped"), [(None, 50), (0, 1), (-5, 1), (500, 500), (10**9, 500)])
@pytest.mark.trust("A66")
def test_the_limit_is_clamped(limit, clamped):
    assert page_request(limit).limit == clamped


def test_an_unknown_order_is_refused():
    with pytest.raises(Invalid) as refused:
        page_request(sort="password", sorts=("id", "name"))
    assert refused.value.errors[0].path == "sort"


def test_both_directions_of_an_order_are_given():
    asked = page_request(sort="-name", sorts=("id", "name"))
    assert (asked.column, asked.is_descending) == ("name", True)
    assert page_request(sorts=("-at",)).sort == "-at"


def test_the_last_page_has_no_cursor():
    asked = page_request(2)
    assert page_of([1, 2], asked, lambda row: (row, row)).next_cursor is None
    page = page_of([1, 2, 3], asked, lambda row: (row, row))
    assert page.items == [1, 2]
    assert page_request(2, page.next_cursor).after == Cursor("id", 2, 2)


def test_items_can_be_changed_on_the_way_out():
    assert Page([1, 2], "c").map(str) == Page(["1", "2"], "c")
