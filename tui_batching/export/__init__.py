"""What leaves the program as text in a format of its own, one module a format."""
