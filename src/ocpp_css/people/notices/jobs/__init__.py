"""Timed work of notices: writing letters out, and delivering them."""
