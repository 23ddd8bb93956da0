"""Shared by all tests; its place puts `tests/` on the import path, for `from oracle import oracle`."""
