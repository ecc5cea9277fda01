"""A run: its stages in order, what changed since it began, and the way its requests go."""
