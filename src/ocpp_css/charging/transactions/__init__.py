"""Charging transactions: never lost, never doubled, never mixed up."""
