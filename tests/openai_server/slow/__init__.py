"""What the slow APIs share, and files."""
