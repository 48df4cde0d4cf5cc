"""Writes the message types of every OCPP version from its JSON schemas: `python -m tools.generate_messages`."""
