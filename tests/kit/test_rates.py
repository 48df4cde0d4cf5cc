from ocpp_css.kit.rates import Rate, RateLimiter


def test_tokens_come_back_with_time():
    limiter, rate = RateLimiter(), Rate(burst=2, per_s=10)
    assert [limiter.take("a", rate, 0).is_allowed for _ in range(3)] == [True, True, False]
    assert limiter.take("b", rate, 0).is_allowed
    late = limiter.take("a", rate, 5.0)
    assert late.is_allowed
    assert not limiter.take("a", rate, 5.0).is_allowed
    assert limiter.take("a", rate, 5.0).retry_s == 5


def test_memory_is_bounded_and_the_busy_are_kept():
    limiter, rate = RateLimiter(capacity=3), Rate(burst=1, per_s=1000)
    for n in range(10):
        limiter.take("busy", rate, n)
        limiter.take(f"other-{n}", rate, n)
    assert len(limiter) == 3
    assert not limiter.take("busy", rate, 10).is_allowed
