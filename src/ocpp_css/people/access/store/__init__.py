"""The tables of memberships, sessions, sign-in attempts and API keys, and their queries."""
