"""The REST names of the system that this one follows, kept working for its clients."""
