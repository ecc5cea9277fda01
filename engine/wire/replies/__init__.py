"""What comes back: replies, errors and headers of any shape, read into records."""
