"""Presenting to a room: the chapters with their text, and the speaker's notes."""
