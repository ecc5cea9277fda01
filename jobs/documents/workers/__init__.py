"""Worker processes: files are read, and texts are worked on, on every core and within limits."""
