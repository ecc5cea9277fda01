"""Models answer held-out questions, and the answers are scored."""
