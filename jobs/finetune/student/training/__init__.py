"""Tunes a student in a child process, so that it can be killed and goes on to the same weights."""
