"""The rules of stations."""
