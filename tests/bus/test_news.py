"""Memory that is read anew does not fall behind what was told meanwhile."""

from ocpp_css.bus import Message, News


def test_what_comes_during_a_reading_is_told_again_after_it() -> None:
    told: list[Message] = []
    news = News(lambda _topic, message: told.append(message))
    news.hear("a", {"n": 1})
    with news.kept():
        news.hear("a", {"n": 2})
        told.append({"n": "read"})
    news.hear("a", {"n": 3})
    assert [message["n"] for message in told] == [1, 2, "read", 2, 3]
