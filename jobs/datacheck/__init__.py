"""Checks a file of chat rows, whoever wrote it."""
