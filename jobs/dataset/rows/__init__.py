"""Rows, answered and unanswerable: each with its excerpt, its source and its file."""
