"""A run whose items are worked on by several processes, within one limit and one cap."""
