"""Pages of access: signing in, sessions and password, API keys."""
