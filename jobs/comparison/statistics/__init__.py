"""Intervals, corrected means, and how large a difference can be shown."""
