"""Shared by all tests; its place puts `tests/` on the import path: `from oracle import oracle`."""
