"""Processor time and memory of a request, and of senders side by side."""
