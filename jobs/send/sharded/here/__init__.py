"""Shards sent by processes of this machine, which the user's own process drives."""
