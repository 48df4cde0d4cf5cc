"""The first steps in a new account: an address, a station, a token, a charge."""
