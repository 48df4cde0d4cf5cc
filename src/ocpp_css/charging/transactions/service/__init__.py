"""The rules of charging transactions."""
