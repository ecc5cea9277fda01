"""On the way out: requests wait on disk and are packed into batch files."""
