"""The account's live feed: every fact as it happens, and those a listener missed."""
