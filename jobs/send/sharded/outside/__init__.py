"""Segments that lie in a store outside of all machines, for workers without a folder in common."""
