"""The message log, read: what every station said and was told."""
