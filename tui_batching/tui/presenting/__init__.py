"""Presenting to a room: the talk with its text, and the cues that bring a chapter on stage."""
