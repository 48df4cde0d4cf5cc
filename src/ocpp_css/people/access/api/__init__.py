"""Access over REST: API keys, people, invitations, roles."""
