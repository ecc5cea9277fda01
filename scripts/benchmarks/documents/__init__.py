"""Measurements of reading, and of what whole corpora become."""
