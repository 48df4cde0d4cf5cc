"""Deadlines by name."""

from ocpp_css.simulator.timers import Timers


def test_they_come_in_order_and_once():
    timers, seen = Timers(), []
    timers.set("b", 2.0, lambda: seen.append("b"))
    timers.set("a", 1.0, lambda: seen.append("a"))
    for action in timers.pop_due(2.0):
        action()
    assert seen == ["a", "b"]
    assert timers.next_due is None


def test_a_name_set_again_replaces_the_earlier_deadline():
    timers = Timers()
    timers.set("a", 1.0, lambda: None)
    timers.set("a", 5.0, lambda: None)
    assert timers.next_due == 5.0
    assert list(timers.pop_due(4.0)) == []
    assert "a" in timers


def test_what_is_cancelled_never_comes():
    timers = Timers()
    timers.set("a", 1.0, lambda: None)
    timers.cancel("a")
    timers.cancel("unknown")
    assert timers.next_due is None


def test_an_action_may_set_what_is_due_at_once():
    timers, seen = Timers(), []
    timers.set("a", 1.0, lambda: timers.set("b", 0.5, lambda: seen.append("b")))
    for action in timers.pop_due(1.0):
        action()
    assert seen == ["b"]
