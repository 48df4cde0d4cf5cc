"""The same whole service for each module as the tests of the gateway have."""

from tests.gateway.conftest import api, cut_at_the_end, register, service

__all__ = ["api", "cut_at_the_end", "register", "service"]
