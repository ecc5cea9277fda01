"""Shards sent by actors of a Ray cluster. Only what is in here imports ray, in its own process."""
