"""What stations do."""
