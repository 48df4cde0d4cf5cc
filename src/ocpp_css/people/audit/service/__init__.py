"""The rules of the audit log: entering, reading, exporting, proving that it is whole, forgetting what is too old."""
