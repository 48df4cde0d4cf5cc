"""Firmware updates, diagnostics and logs: what stations report of their progress."""
