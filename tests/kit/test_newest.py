"""A bounded map against a plain list of what was kept."""

from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.kit.newest import Newest

KEYS = st.integers(0, 8)
STEPS = st.lists(st.tuples(st.sampled_from(["keep", "pop", "read", "touch"]), KEYS, st.integers()))


@given(st.integers(1, 6), STEPS)
def test_it_holds_what_was_kept_last_in_the_order_of_keeping(most, steps):
    found, told = Newest(most), []
    for step, key, value in steps:
        known = dict(told)
        if step == "keep":
            found.keep(key, value)
            told = [*((k, v) for k, v in told if k != key), (key, value)][-most:]
        elif step == "pop":
            assert found.pop(key, None) == known.get(key)
            told = [(k, v) for k, v in told if k != key]
        elif step == "touch" and key in found:
            found.move_to_end(key)
            told = [*((k, v) for k, v in told if k != key), (key, known[key])]
        else:
            assert found.get(key) == known.get(key)
            assert (key in found) == (key in known)
        assert list(found.items()) == told
        assert len(found) <= most
