"""Limits and dollars of one account, lent for seconds to processes that send at the same time."""
