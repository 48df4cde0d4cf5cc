"""The rules of people: passwords, the people themselves, one-time links."""
