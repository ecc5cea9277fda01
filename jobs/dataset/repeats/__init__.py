"""Repeated questions of a large run, found by workers on a cluster."""
