"""People: accounts, who may do what in them, and who did what."""
