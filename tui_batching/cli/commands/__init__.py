"""The commands, one module each: `add_arguments` tells what it takes, `run` does it."""
