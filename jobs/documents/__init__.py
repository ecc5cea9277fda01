"""Reads documents, splits them into training and held-out text, and cuts them into chunks."""
