"""The official SDK for the slow calls, and what hosts leave out of them."""
