"""The rules of access: memberships, sessions, sign-in, API keys, and who stands behind a credential."""
