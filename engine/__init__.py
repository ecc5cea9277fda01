"""Sends requests under limits and keeps every answer; knows nothing of what they are for."""
