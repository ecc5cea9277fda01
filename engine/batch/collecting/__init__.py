"""On the way back: result files are read and their requests settled."""
