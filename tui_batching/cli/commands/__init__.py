"""The commands, one module each: `add_to` brings its arguments, `run` does it."""
