"""The lanes of a file of requests: live, in batches, both at once, or as it pays."""
