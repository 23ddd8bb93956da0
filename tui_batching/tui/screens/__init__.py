"""Screens that open over the live view."""
