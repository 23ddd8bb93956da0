"""Screens that open over the stage: the dialogs, and the black screen."""
