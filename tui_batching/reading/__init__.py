"""Reading what users write, files and values, so that every failure is one clear sentence."""
