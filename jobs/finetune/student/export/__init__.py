"""The files that come of a tuned student."""
