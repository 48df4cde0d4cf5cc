"""Version-neutral words of charging: frozen values, no I/O."""
