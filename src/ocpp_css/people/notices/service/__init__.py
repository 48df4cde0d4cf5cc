"""The rules of notices: writing them, reading them, choosing which come by letter."""
