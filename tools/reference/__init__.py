"""Writes docs/reference/ and docs/security/personal-fields.md from the program itself; `--check` only compares."""
