"""Emulated charging stations of 1.6, 2.0.1 and 2.1, made of the same protocol core as the central system."""
