"""Checks a file of chat rows, of this project or of another tool."""
