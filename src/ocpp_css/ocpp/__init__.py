"""The protocol core, without I/O: frames, session, routing, errors, and the message types of each version."""
