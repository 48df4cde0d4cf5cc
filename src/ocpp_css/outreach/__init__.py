"""What tells people and other systems what happened."""
