"""The state of a run, in words."""
