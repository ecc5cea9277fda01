"""Calls that are paid for: what they are asked, answer and cost."""
